"""Clients of the API that prove who they are by a token."""

from __future__ import annotations

from rest_framework.test import APIClient

from apps.teams import actions
from apps.teams.models import Scope, User


def client_of(person: User, *, scope: Scope = Scope.RESPOND) -> APIClient:
    """A client that acts for ``person``; a fault of the server is an answer (500), as it is to anybody outside."""
    return client_with(actions.create_token(person, name="test", scope=scope)[1])


def client_with(secret: str) -> APIClient:
    """The same, with the secret of a token."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client
