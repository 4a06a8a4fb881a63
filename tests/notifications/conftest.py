"""A mail server that the house sends to, and somebody who has two addresses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from apps.contacts import serving
from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.notifications import transports
from apps.notifications.models import Channel
from apps.teams.models import Team, TeamRole, User
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person, make_team
from tests.notifications.mail_server import MailServer
from tests.notifications.recorder import Recorder
from tests.notifications.storms import NUMBER


@pytest.fixture
def mail_server(settings: LazySettings) -> Iterator[MailServer]:
    """The mail server of the house, up until the test stops it."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "apps.notifications.channels.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def no_mail_server(settings: LazySettings, mail_server: MailServer) -> MailServer:
    """The address of the house's mail server, where nobody listens yet."""
    settings.EMAIL_PORT = MailServer().port
    return mail_server


@pytest.fixture
def team(db, clock) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def olga(team: Team) -> User:
    """Reached at olga@example.com first, then at olga@home.example."""
    person = make_person("Olga", team, TeamRole.RESPONDER)
    ContactMethod.objects.create(
        person=person, kind=MethodKind.EMAIL, value="olga@home.example", position=1, verified_at=house_clock.now()
    )
    return person


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> dict[Channel, Recorder]:
    """Every channel is served, by a transport that keeps what it was given."""
    monkeypatch.setattr(transports, "_transports", {})
    monkeypatch.setattr(serving, "_served", {})
    recorders = {channel: Recorder(channel) for channel in Channel if channel != Channel.IN_APP}
    for channel, recorder in recorders.items():
        transports.serve(channel, recorder, when=lambda: True)
    return recorders


@pytest.fixture
def phone(olga):
    """The only way to reach Olga."""
    olga.contact_methods.all().delete()
    return add_method(olga, MethodKind.SMS, NUMBER)


def add_method(person: User, kind: MethodKind, value: str, *, verified: bool = True) -> ContactMethod:
    """One more way to reach the person, the last of theirs."""
    return ContactMethod.objects.create(
        person=person,
        kind=kind,
        value=value,
        position=person.contact_methods.count(),
        verified_at=house_clock.now() if verified else None,
    )
