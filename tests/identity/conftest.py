"""People who sign in with a password, and identity providers that provision."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction

from apps.core import events
from apps.core.audited import NOTED
from apps.teams import actions as teams
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


@pytest.fixture
def others_change_roles():
    """Hold, by another connection, what whoever changes roles waits for; for tests with ``transaction=True``."""

    @contextmanager
    def others_change_roles() -> Iterator[None]:
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                teams.lock_administrators()
                held.set()
                done.wait(30)
            connections.close_all()

        other = threading.Thread(target=hold)
        other.start()
        held.wait(10)
        try:
            yield
        finally:
            done.set()
            other.join()

    return others_change_roles
