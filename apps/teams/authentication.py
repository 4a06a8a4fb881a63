"""How a request of the API proves whose it is: a bearer token, or the browser's session with CSRF."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from django.db.models import Q
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from apps.core import clock
from apps.teams.actions import digest_of
from apps.teams.models import ApiToken, User

LAST_USE_IS_NOTED_EVERY = timedelta(minutes=5)


def caller(request: Request) -> User:
    """The person behind a request that was let in; views of the API let nobody else in."""
    return cast("User", request.user)


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer TOKEN``; expired, revoked and unknown tokens are all 401."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = clock.now()
        token = (
            ApiToken.objects.select_related("person")
            .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True, person__is_active=True)
            .filter(digest=digest_of(secret.strip()))
            .first()
        )
        if token is None:
            raise exceptions.AuthenticationFailed("The token is unknown, expired or revoked.")
        if token.last_used_at is None or now - token.last_used_at > LAST_USE_IS_NOTED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; 401 (not 403) when nobody is signed in."""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
