"""Signed links in pages: they allow one thing, to answer these pages as their receiver, for a while."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core import signing
from django.urls import reverse

from apps.core.errors import NotAllowed
from apps.notifications.models import Notification

SALT = "notifications.acknowledge"


class UnknownLink(NotAllowed):
    """The link was not made by this house, or its page no longer exists."""


class ExpiredLink(NotAllowed):
    """The link was good once, and is too old."""


def token(pages: Sequence[Notification]) -> str:
    """What stands for these pages of one receiver; valid for ACKNOWLEDGE_LINK_LIFETIME."""
    return signing.dumps([_named(page) for page in pages], salt=SALT, compress=True)


def url_of(token: str) -> str:
    """The absolute address of the page with the one button."""
    return f"{settings.SITE_URL}{reverse('acknowledge', args=[token])}"


def acknowledge_url(page: Notification) -> str:
    """The address by which one page is answered."""
    return url_of(token([page]))


def pages_of(token: str) -> list[Notification]:
    """The pages that the token stands for, all of one receiver; at least one.

    Without those of an incident that became private since they went to a program: who reads along there, nobody knows.
    Raises ExpiredLink or UnknownLink, and never tells which pages were meant.
    """
    try:
        named = signing.loads(token, salt=SALT, max_age=settings.ACKNOWLEDGE_LINK_LIFETIME)
    except signing.SignatureExpired as error:
        raise ExpiredLink("This link has expired. Sign in to acknowledge.") from error
    except signing.BadSignature as error:
        raise UnknownLink("This link is not valid.") from error
    related = Notification.objects.select_related(
        "person__webhook_endpoint", "incident__severity", "incident__team", "direct__by"
    )
    found = related.in_bulk([pk for pk, *_ in named])
    pages = [found[each[0]] for each in named if each[0] in found and _named(found[each[0]]) == each]
    pages = [page for page in pages if not (_is_private(page) and hasattr(page.person, "webhook_endpoint"))]
    if not pages or any(not page.person.is_active or page.person_id != pages[0].person_id for page in pages):
        raise UnknownLink("This link is not valid.")
    return pages


def _is_private(page: Notification) -> bool:
    return page.incident is not None and page.incident.private


def _named(page: Notification) -> list[object]:
    """What a link says: this page and no other, though its number may be given anew (a restored backup)."""
    return [page.pk, page.person_id, page.incident_id, page.created_at.isoformat()]
