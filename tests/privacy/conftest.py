"""Somebody whose every trace can be looked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.contacts import actions as contacts
from apps.contacts.models import ContactMethod, EmergencyContact, MethodKind
from apps.core import clock
from apps.core.audited import Act, note
from apps.identity.groups import actions as groups
from apps.identity.models import Invitation
from apps.incidents import actions as incidents
from apps.incidents.models import Incident
from apps.notifications.models import Channel, Delivery, Notification, NotificationKind, Urgency
from apps.rosters import actions as rosters
from apps.rosters.models import Absence
from apps.teams import actions as teams
from apps.teams.models import Team, TeamRole, User
from tests.factories.identity import make_group
from tests.factories.incidents import declare, make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team
from tests.identity.provisioning import Provider

NAME, ADDRESS, NUMBER = "Canary Birdsong", "canary.birdsong@example.com", "+4915199887766"
FORMER, ELSEWHERE, REASON = "canary.before@example.com", "canary@home.example.net", "Canary in the hospital"
#: What is to be found nowhere.
TRACES = (NAME, ADDRESS, NUMBER, FORMER, ELSEWHERE, REASON, NUMBER.removeprefix("+"))


@pytest.fixture
def team(transactional_db: None) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def root(team: Team) -> User:
    return User.objects.create_superuser("root@example.com", "secret", name="Root Admin")


@pytest.fixture
def incident(team: Team) -> Incident:
    return declare(team, make_person("Rita", team, TeamRole.RESPONDER))


def stand_in_for_a_day(person: User, team: Team, *, by: User) -> None:
    """Let ``person`` do so in a week, which somebody else takes over."""
    roster = put_on_call(team, make_person("Rosa"))
    start = clock.now() + timedelta(days=7)
    rosters.add_override(roster, person=person, start=start, end=start + timedelta(days=1), by=by)
    rosters.replace_in_overrides(roster, person, to=User.objects.get(name="Rita"), by=by)


@pytest.fixture
def canary(team: Team, incident: Incident, root: User) -> User:
    """Somebody who came by a provider and a group, was reached in every way, was told and said something, and left."""
    provider = Provider(root)
    known_as = f"/Users/{provider.made(FORMER, displayName=NAME, externalId=FORMER)['id']}"
    provider.patch(known_as, {"op": "replace", "path": "userName", "value": ADDRESS})
    person = User.objects.get(email=ADDRESS)
    group = make_group("Crew", (team, TeamRole.RESPONDER), (None, TeamRole.ADMIN))
    groups.set_members(group, [person], by=root)
    teams.create_token(person, name="Laptop")
    stand_in_for_a_day(person, team, by=root)
    method = ContactMethod.objects.create(person=root, kind=MethodKind.EMAIL, value="root@home.example")
    contacts.disable_method(method, by=person)
    for kind, value in ((MethodKind.EMAIL, ELSEWHERE), (MethodKind.SMS, NUMBER)):
        ContactMethod.objects.create(person=person, kind=kind, value=value, label=NAME, verified_at=clock.now())
    contact = EmergencyContact.objects.create(
        group="incident", key="canary", name=NAME, email=ADDRESS, phone=NUMBER, person=person
    )
    Absence.objects.create(
        person=person, during=(clock.now() - timedelta(days=9), clock.now() - timedelta(days=8)), reason=REASON
    )
    Invitation.objects.create(
        email=FORMER, invited_by=root, person=person, expires_at=clock.now(), ended_at=clock.now()
    )
    told = Notification.objects.create(
        person=person, kind=NotificationKind.PAGE, step="1", urgency=Urgency.HIGH, subject=f"{NAME}, wake up",
        text=f"{NAME} is paged at {NUMBER}", incident=incident,
    )  # fmt: skip
    Delivery.objects.create(notification=told, channel=Channel.SMS, address=NUMBER, position=1, planned_at=clock.now())
    Notification.objects.create(
        person=root, kind=NotificationKind.NOTICE, step="2", urgency=Urgency.LOW, subject=f"{NAME} answered",
        text=f"Ask {ADDRESS}.", incident=incident,
    )  # fmt: skip
    incidents.acknowledge(incident.pk, by=person)
    incidents.add_note(incident.pk, text="I looked at the disks.", by=person)
    note(Act.SIGNED_IN, "Signed in with a password", by=person)
    contacts.retire_emergency_contact(contact)
    provider.delete(known_as)
    person.refresh_from_db()
    return person
