"""Roles: the primary is asked, the backup paged when nobody took it, handovers are told, vacancy is visible (R6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.errors import Invalid, NotAllowed
from apps.engine.runner import run_due
from apps.incidents import actions, queries
from apps.incidents.models import EventKind, ResponseRole, RoleCandidate
from apps.notifications.models import Notification, NotificationKind
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(clock):
    make_procedures()
    return make_team()


@pytest.fixture
def engineer(team):
    return make_person("Olga", team, TeamRole.RESPONDER)


@pytest.fixture
def primary(team):
    return _candidate(team, "Petra", position=1)


@pytest.fixture
def backup(team):
    return _candidate(team, "Boris", position=2)


def _candidate(team, name, *, position):
    person = make_person(name)
    role = ResponseRole.objects.get(key="commander")
    RoleCandidate.objects.create(role=role, team=team, position=position, title=name, person=person)
    return person


def told(person, kind) -> int:
    return Notification.objects.filter(person=person, kind=kind).count()


def test_the_primary_is_asked_by_a_notice_and_not_paged(team, engineer, primary, backup):
    declare(team, engineer)
    assert told(primary, NotificationKind.NOTICE) == 1
    assert told(primary, NotificationKind.ROLE_PAGE) == told(backup, NotificationKind.NOTICE) == 0


def test_the_backup_is_paged_once_a_third_of_the_response_time_has_passed(team, engineer, primary, backup, clock):
    declare(team, engineer, severity="P0")
    clock.shift(minutes=4, seconds=59)
    run_due()
    assert told(backup, NotificationKind.ROLE_PAGE) == 0
    clock.shift(seconds=1)
    run_due()
    assert told(backup, NotificationKind.ROLE_PAGE) == 1


def test_a_role_that_was_taken_pages_no_backup(team, engineer, primary, backup, clock):
    incident = declare(team, engineer)
    actions.assign_role(incident.pk, role="commander", person=primary, by=primary)
    clock.shift(hours=1)
    run_due()
    assert told(backup, NotificationKind.ROLE_PAGE) == 0


def test_without_a_backup_the_role_is_called_vacant(team, engineer, primary, clock):
    incident = declare(team, engineer)
    clock.shift(minutes=5)
    run_due()
    assert {event.data["role"] for event in incident.timeline.filter(kind=EventKind.ROLE_VACANT)} >= {"commander"}
    assert {holder.role.key: holder.person for holder in queries.holders(incident)}["commander"] is None


def test_a_handover_ends_the_one_and_begins_the_other_at_one_instant(team, engineer, primary, clock):
    incident = declare(team, engineer)
    actions.assign_role(incident.pk, role="commander", person=primary, by=primary)
    clock.shift(minutes=30)
    actions.assign_role(incident.pk, role="commander", person=engineer, by=primary)
    first, second = incident.role_assignments.order_by("pk")
    assert (first.until, second.since) == (clock.now, incident.declared_at + timedelta(minutes=30))
    assert "handed over by Petra" in incident.timeline.filter(kind=EventKind.ROLE_ASSIGNED).last().text
    assert told(engineer, NotificationKind.NOTICE) == 1


def test_who_holds_a_role_may_respond_whichever_team_they_belong_to(team, engineer, primary):
    incident = declare(team, engineer)
    actions.add_note(incident.pk, text="on my way", by=primary)
    with pytest.raises(NotAllowed):
        actions.add_note(incident.pk, text="me too", by=make_person("Stranger"))


def test_an_unknown_role_is_named(team, engineer):
    incident = declare(team, engineer)
    with pytest.raises(Invalid, match="no response role scribe"):
        actions.assign_role(incident.pk, role="scribe", person=engineer, by=engineer)
