"""Where somebody signed in before: a browser that says so by a signed cookie, bound to the account."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.teams.models import User

#: For so long a browser is known after the last sign-in there.
KNOWN_FOR = timedelta(days=180)
#: So many accounts one browser is known to, the latest.
_MOST = 5
_SALT = "identity.device"


def is_known(request: HttpRequest, person: User) -> bool:
    """Whether ``person`` signed in with this browser within KNOWN_FOR, or is signed in with it now."""
    return request.user == person or has_been_seen(request, person)


def has_been_seen(request: HttpRequest, person: User) -> bool:
    """Whether ``person`` signed in with this browser before now, within KNOWN_FOR."""
    return person.pk in _accounts(request)


def remember(request: HttpRequest, response: HttpResponseBase, person: User) -> None:
    """Let the browser be known to ``person`` from now on. It proves nothing else, and signs nobody in."""
    accounts = [pk for pk in _accounts(request) if pk != person.pk]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([*accounts, person.pk][-_MOST:], salt=_SALT),
        max_age=KNOWN_FOR,
        secure=settings.SECURE_ORIGIN,
        httponly=True,
        samesite="Lax",
    )


def _accounts(request: HttpRequest) -> list[int]:
    told = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        found: list[int] = signing.loads(told, salt=_SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return []
    return found
