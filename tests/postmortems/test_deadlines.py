"""Closure and review are reminded of, then escalated to the engineering manager (R28, R29, R31)."""

from __future__ import annotations

import pytest

from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents import clocks
from apps.incidents.models import ClockName
from apps.notifications.models import Notification
from apps.postmortems import actions
from apps.teams.models import TeamRole
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person


@pytest.fixture
def resolved(clock, team, responder, commander):
    incident = declare(team)
    incidents.assign_role(incident.pk, role="commander", person=commander, by=commander)
    incident = resolve(incident, responder)
    run_due()
    return incident


def told(person, what):
    return Notification.objects.filter(person=person, subject__contains=what).count()


@pytest.mark.parametrize(
    ("what", "reminder", "rest"),
    [("closure has to be", {"hours": 18}, {"hours": 6}), ("review has to be", {"hours": 90}, {"hours": 30})],
)
def test_a_deadline_reminds_the_commander_and_then_escalates(
    clock, resolved, commander, engineering_manager, what, reminder, rest
):
    clock.shift(**reminder)
    run_due()
    assert (told(commander, what), told(engineering_manager, what)) == (1, 0)
    clock.shift(**rest)
    run_due()
    assert (told(commander, what), told(engineering_manager, what)) == (2, 1)


def test_a_confirmed_closure_reminds_nobody(clock, resolved, responder, commander, engineering_manager):
    incidents.confirm_closure(resolved.pk, by=responder)
    clock.shift(hours=25)
    run_due()
    assert (told(commander, "closure"), told(engineering_manager, "closure")) == (0, 0)


def test_a_deadline_met_late_is_not_escalated_after_that(clock, resolved, responder, engineering_manager):
    clock.shift(hours=25)
    incidents.confirm_closure(resolved.pk, by=responder)
    run_due()
    assert told(engineering_manager, "closure") == 0


def test_both_deadlines_stop_while_the_incident_is_open_again(clock, resolved, responder, commander):
    clock.shift(hours=1)
    incident = incidents.reopen(resolved.pk, by=responder)
    assert clocks.running(incident, ClockName.CLOSURE) is None
    assert clocks.running(incident, ClockName.REVIEW) is None
    clock.shift(days=6)
    run_due()
    assert told(commander, "has to be") == 0


def test_the_lead_of_the_review_is_told_in_the_commanders_place(clock, resolved, responder, commander):
    actions.edit(resolved.postmortem.pk, by=responder, lead=responder)
    clock.shift(hours=18)
    run_due()
    assert (told(responder, "closure"), told(commander, "closure")) == (1, 0)


def test_without_lead_and_commander_the_teams_managers_are_told(clock, team, responder):
    manager = make_person("Mona", team, TeamRole.MANAGER)
    resolve(declare(team), responder)
    clock.shift(hours=18)
    run_due()
    assert told(manager, "closure") == 1


def test_whom_a_private_review_is_escalated_to_may_see_it(clock, team, commander, engineering_manager):
    incident = resolve(declare(team, commander, private=True), commander)
    assert not incident.involves(engineering_manager)
    clock.shift(hours=24)
    run_due()
    assert told(engineering_manager, "closure") == 1
    assert incident.involves(engineering_manager)
