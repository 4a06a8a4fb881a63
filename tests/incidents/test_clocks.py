"""Targets are clocks: they warn before they break, and record to the instant when they were met or broke (R4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.engine.runner import run_due
from apps.incidents import actions
from apps.incidents.models import Clock, ClockName, EventKind, Severity
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, make_procedures, resolve
from tests.factories.teams import make_person, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(clock):
    make_procedures()
    return make_person("Olga", make_team(), TeamRole.RESPONDER)


@pytest.fixture
def incident(engineer):
    return declare(engineer.memberships.get().team, engineer, severity="P0")


def the(incident, name) -> Clock:
    return incident.clocks.filter(name=name).last()


def told(incident, kind, name) -> list:
    return list(incident.timeline.filter(kind=kind, data__clock=name))


def test_both_targets_run_from_the_declaration(incident):
    assert the(incident, "response").due_at == incident.declared_at + timedelta(minutes=15)
    assert the(incident, "resolution").due_at == incident.declared_at + timedelta(hours=2)


def test_an_answer_in_time_meets_the_clock_and_nothing_breaks_afterwards(incident, engineer, clock):
    clock.shift(minutes=14)
    actions.acknowledge(incident.pk, by=engineer)
    assert the(incident, "response").met_at == incident.declared_at + timedelta(minutes=14)
    clock.shift(minutes=30)
    run_due()
    assert the(incident, "response").breached_at is None


def test_a_third_of_the_response_time_before_it_breaks_one_is_warned(incident, clock):
    clock.shift(minutes=9, seconds=59)
    run_due()
    assert not told(incident, EventKind.CLOCK_WARNED, "response")
    clock.shift(seconds=1)
    run_due()
    assert len(told(incident, EventKind.CLOCK_WARNED, "response")) == 1


def test_the_breach_is_recorded_with_the_due_time_however_late_the_engine_comes(incident, clock):
    clock.shift(minutes=25)
    run_due()
    assert the(incident, "response").breached_at == incident.declared_at + timedelta(minutes=15)


def test_a_clock_that_is_met_late_says_how_late(incident, engineer, clock):
    clock.shift(minutes=20)
    actions.acknowledge(incident.pk, by=engineer)
    response = the(incident, "response")
    assert response.breached_at == response.due_at
    assert response.met_at == clock.now
    assert told(incident, EventKind.CLOCK_MET, "response")[0].text == "Response clock met after 20 min, 5 min late."


def test_the_resolution_meets_its_clock(incident, engineer, clock):
    clock.shift(minutes=50)
    resolve(incident, engineer)
    assert the(incident, "resolution").met_at == clock.now


def test_an_answer_stays_an_answer_when_the_severity_changes(engineer, clock):
    incident = declare(engineer.memberships.get().team, engineer, severity="P1")
    clock.shift(minutes=20)
    actions.acknowledge(incident.pk, by=engineer)
    clock.shift(minutes=25)
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P0"), reason="all are down", by=engineer)
    response = the(incident, "response")
    assert response.met_at == incident.declared_at + timedelta(minutes=20)
    assert response.breached_at == incident.declared_at + timedelta(minutes=15)
    clock.shift(minutes=25)
    actions.change_severity(incident.pk, severity=Severity.objects.get(code="P2"), reason="one is down", by=engineer)
    response = the(incident, "response")
    assert response.met_at == incident.declared_at + timedelta(minutes=20)
    assert response.breached_at is None


def test_a_cancelled_incident_has_no_clock_that_runs(incident, engineer, clock):
    actions.cancel(incident.pk, reason="a false alarm", by=engineer)
    clock.shift(hours=3)
    run_due()
    assert not any(row.is_running or row.breached_at for row in incident.clocks.filter(name__in=ClockName.values[:2]))


def test_a_target_that_broke_before_the_reopening_is_not_told_again(incident, engineer, clock):
    clock.shift(hours=3)
    run_due()
    resolve(incident, engineer)
    assert len(told(incident, EventKind.CLOCK_BREACHED, "resolution")) == 1
    actions.reopen(incident.pk, by=engineer, reason="It is back")
    clock.shift(minutes=1)
    run_due()
    assert len(told(incident, EventKind.CLOCK_BREACHED, "resolution")) == 1
    running = the(incident, "resolution")
    assert running.is_running
    assert running.breached_at == running.due_at == incident.declared_at + timedelta(hours=2)
