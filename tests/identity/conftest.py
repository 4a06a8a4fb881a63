"""People who sign in with a password, and identity providers that provision."""

from __future__ import annotations

import pytest

from apps.core import events
from apps.core.audited import NOTED
from apps.teams.models import Team, TeamRole, User
from tests.factories.teams import make_person, make_team
from tests.identity.provisioning import Provider

PASSWORD = "correct horse battery staple"


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def rita(team: Team) -> User:
    """A responder with a password."""
    rita = make_person("Rita", team, TeamRole.RESPONDER)
    rita.set_password(PASSWORD)
    rita.save()
    return rita


@pytest.fixture
def type_in(client):
    """Type an address and a password into the sign-in page."""

    def type_in(email: str, password: str = PASSWORD, *, to: str = "/login/", **more: str):
        return client.post(to, {"login": email, "password": password, **more})

    return type_in


@pytest.fixture
def root(db: None) -> User:
    """An administrator."""
    return User.objects.create_superuser("root@example.com", name="Root")


@pytest.fixture
def provider(root) -> Provider:
    """Comes with the token of an administrator."""
    return Provider(root)


@pytest.fixture
def told(monkeypatch):
    """What the audit stream was told."""
    heard = []
    monkeypatch.setitem(events._reactions, NOTED, [heard.append])
    return heard
