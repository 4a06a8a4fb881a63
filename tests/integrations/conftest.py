"""Somebody who is paged, and what became of the page."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.incidents.models import Incident
from apps.notifications import actions
from apps.notifications.models import Channel, Delivery, Notification, NotificationKind, Until
from apps.teams.models import Team, TeamRole, User
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team
from tests.sandbox import conftest as running

product, sandbox = running.product, running.sandbox


@pytest.fixture
def team(db, clock) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def olga(team: Team) -> User:
    """Nothing reaches her yet."""
    person = make_person("Olga", team, TeamRole.RESPONDER)
    person.contact_methods.all().delete()
    return person


@pytest.fixture
def incident(team: Team) -> Incident:
    return declare(team)


@pytest.fixture
def outside() -> Client:
    """Whoever comes from outside, without a session, and with CSRF checked as in production."""
    return Client(enforce_csrf_checks=True)


def reach(person: User, kind: MethodKind, value: str, **known: object) -> ContactMethod:
    """The person is reached that way, after all the others."""
    return ContactMethod.objects.create(
        person=person, kind=kind, value=value, position=person.contact_methods.count(),
        verified_at=house_clock.now(), **known,
    )  # fmt: skip


def page(person: User, incident: Incident, *, step: str = "level:1", until: Until = Until.ACKNOWLEDGED) -> Notification:
    return actions.notify(
        person,
        incident=incident,
        kind=NotificationKind.PAGE,
        step=step,
        level=1,
        subject=f"[P0] {incident} level 1: Agent pipeline down",
        text="You are paged as level 1. Nobody acknowledged.\n\nAgent pipeline down",
        until=until,
    )


def sent_by(notification: Notification, channel: Channel) -> Delivery:
    """The one delivery of the notification by that channel."""
    return notification.deliveries.get(channel=channel)
