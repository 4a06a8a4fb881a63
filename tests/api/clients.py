"""Clients of the API that prove who they are by a token."""

from __future__ import annotations

from datetime import UTC, datetime

from rest_framework.test import APIClient

from apps.teams import actions
from apps.teams.models import Scope, User

#: Later than any clock of a test, and than the machine's own, by which its threads go.
LATE = datetime(2099, 1, 1, tzinfo=UTC)


def client_of(person: User, *, scope: Scope = Scope.RESPOND) -> APIClient:
    """A client that acts for ``person``; a fault of the server is an answer (500), as it is to anybody outside."""
    return client_with(actions.create_token(person, name="test", scope=scope, expires_at=LATE)[1])


def client_with(secret: str) -> APIClient:
    """The same, with the secret of a token."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def signed_in(person: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    return client
