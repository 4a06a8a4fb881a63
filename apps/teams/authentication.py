"""How a request of the API proves whose it is: a bearer token, or the browser's session with CSRF."""

from __future__ import annotations

from typing import cast

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from apps.teams import access, actions, factors, quotas
from apps.teams.models import ApiToken, User
from apps.teams.queries import live_token


def caller(request: Request) -> User:
    """The person behind a request that was let in; views of the API let nobody else in."""
    return cast("User", request.user)


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer TOKEN``; expired, revoked and unknown tokens are all 401.

    It costs one query, and what is noted. The person reaches no further than the token's teams (``access.limit``).
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = live_token(sent.strip())
        if token is None:
            quotas.count_stranger()
            raise exceptions.AuthenticationFailed("The token is unknown, expired or revoked.")
        quotas.count(request, f"token:{token.pk}")
        access.limit(token.person, token.team_ids)
        actions.note_use(token)
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; 401 (not 403) when nobody is signed in, 403 for whoever lacks a factor that they need.

    The last way: who comes by none is a stranger.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        found = cast("tuple[User, None] | None", super().authenticate(request))
        if found is None:
            quotas.count_stranger()
            return None
        quotas.count(request, f"person:{found[0].pk}")
        if factors.is_missing(found[0], request._request):
            raise exceptions.PermissionDenied("Your role asks for a second factor. Add one on your profile first.")
        return found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
