"""Signed links in pages: they allow one thing, to acknowledge this page's incident as its receiver, for a while."""

from __future__ import annotations

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


def acknowledge_url(notification: Notification) -> str:
    """The absolute address of the page with the one button; valid for ACKNOWLEDGE_LINK_LIFETIME."""
    token = signing.dumps(_named(notification), salt=SALT, compress=True)
    return f"{settings.SITE_URL}{reverse('acknowledge', args=[token])}"


def from_token(token: str) -> Notification:
    """The page that the link stands for. Raises ExpiredLink or UnknownLink, and never tells which page was meant."""
    try:
        named = signing.loads(token, salt=SALT, max_age=settings.ACKNOWLEDGE_LINK_LIFETIME)
    except signing.SignatureExpired as error:
        raise ExpiredLink("This link has expired. Sign in to acknowledge.") from error
    except signing.BadSignature as error:
        raise UnknownLink("This link is not valid.") from error
    related = Notification.objects.select_related("person", "incident__severity", "incident__team")
    found = related.filter(pk=named[0]).first()
    if found is None or _named(found) != named or found.incident is None or not found.person.is_active:
        raise UnknownLink("This link is not valid.")
    return found


def _named(notification: Notification) -> list[object]:
    """What a link says: this page and no other, though its number may be given anew (a restored backup)."""
    return [notification.pk, notification.person_id, notification.incident_id, notification.created_at.isoformat()]
