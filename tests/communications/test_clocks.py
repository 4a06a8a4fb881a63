"""When updates are due, by the source document's schedule (R24)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.communications import actions, queries
from apps.communications.models import Audience, Phase
from apps.engine.runner import run_due
from apps.incidents import actions as incidents
from apps.incidents import clocks
from apps.incidents.models import ClockName, EventKind, Severity
from apps.notifications.models import Notification, NotificationKind
from tests.factories.incidents import declare, resolve


def due_at(incident):
    clock = clocks.running(incident, ClockName.UPDATE)
    return clock.due_at if clock else None


def send(incident, by, message="Still at it."):
    return actions.send_update(incident.pk, audience=Audience.INTERNAL, message=message, by=by)


def notices(person):
    return Notification.objects.filter(person=person, kind=NotificationKind.NOTICE)


@pytest.mark.parametrize(
    ("severity", "first"),
    [("P0", timedelta(minutes=30)), ("P1", timedelta(minutes=30)), ("P2", timedelta(hours=2)), ("P3", None)],
)
def test_after_declaration_the_first_update_of_a_person_is_due_as_the_schedule_says(clock, team, severity, first):
    incident = declare(team, severity=severity)
    assert due_at(incident) == (clock.now + first if first else None)


@pytest.mark.parametrize(("severity", "by_the_system"), [("P0", 1), ("P1", 0), ("P2", 0), ("P3", 1)])
def test_only_what_is_due_immediately_is_sent_by_the_system(clock, team, severity, by_the_system):
    incident = declare(team, severity=severity)
    clock.shift(seconds=2)
    run_due()
    assert queries.updates_of(incident).filter(by=None, phase=Phase.INITIAL).count() == by_the_system


@pytest.mark.parametrize(("severity", "every"), [("P0", {"minutes": 30}), ("P1", {"hours": 1}), ("P2", {"hours": 4})])
def test_each_update_meets_its_clock_and_the_next_counts_from_it(clock, team, responder, severity, every):
    incident = declare(team, severity=severity)
    clock.shift(minutes=10)
    send(incident, responder)
    assert due_at(incident) == clock.now + timedelta(**every)
    assert incident.clocks.filter(name=ClockName.UPDATE, met_at=clock.now).count() == 1


def test_a_customers_update_does_not_answer_for_the_response_team(clock, team, responder):
    incident = declare(team)
    due = due_at(incident)
    clock.shift(minutes=10)
    actions.send_update(incident.pk, audience=Audience.EXTERNAL, message="We are at it.", by=responder)
    assert due_at(incident) == due


@pytest.mark.parametrize(("severity", "within"), [("P0", {"minutes": 15}), ("P1", {"minutes": 30})])
def test_after_the_fix_one_more_message_is_due_and_then_none(clock, team, responder, severity, within):
    incident = declare(team, severity=severity)
    clock.shift(minutes=10)
    incident = resolve(incident, responder)
    assert due_at(incident) == clock.now + timedelta(**within)
    assert send(incident, responder, "It is over.").phase == Phase.RESOLUTION
    assert due_at(incident) is None


def test_the_last_message_of_a_p2_is_due_at_the_end_of_the_teams_next_business_day(clock, team, responder):
    clock.set(datetime(2026, 7, 2, 21, 30, tzinfo=UTC))  # Thursday in Berlin; Friday the 3rd is a holiday in the US
    incident = resolve(declare(team, severity="P2"), responder)
    assert due_at(incident) == datetime(2026, 7, 6, 15, 0, tzinfo=UTC)  # Monday, 17:00 in Berlin


def test_a_p3_is_told_of_twice_by_the_system_and_never_waited_for(clock, team, responder):
    incident = declare(team, severity="P3")
    clock.shift(seconds=2)
    run_due()
    clock.shift(hours=5)
    resolve(incident, responder)
    clock.shift(seconds=2)
    run_due()
    assert [update.phase for update in queries.updates_of(incident)] == [Phase.RESOLUTION, Phase.INITIAL]
    assert not incident.clocks.filter(name=ClockName.UPDATE).exists()


def test_the_system_is_silent_when_a_person_told_first(clock, team, responder):
    incident = declare(team, severity="P3")
    send(incident, responder)
    clock.shift(seconds=2)
    run_due()
    assert [update.by for update in queries.updates_of(incident)] == [responder]


def test_a_reopened_incident_is_told_of_again_from_its_reopening(clock, team, responder):
    incident = resolve(declare(team), responder)
    clock.shift(hours=1)
    incident = incidents.reopen(incident.pk, by=responder)
    assert due_at(incident) == clock.now + timedelta(minutes=30)


def test_a_new_severity_counts_from_the_last_message(clock, team, responder):
    incident = declare(team, severity="P2")
    send(incident, responder)
    sent_at = clock.now
    clock.shift(minutes=10)
    incident = incidents.change_severity(
        incident.pk, severity=Severity.objects.get(code="P0"), reason="worse", by=responder
    )
    assert due_at(incident) == sent_at + timedelta(minutes=30)


def test_a_new_severity_counts_from_the_declaration_before_the_first_message(clock, team, responder):
    incident = declare(team, severity="P2")
    declared_at = clock.now
    clock.shift(minutes=10)
    incident = incidents.change_severity(
        incident.pk, severity=Severity.objects.get(code="P1"), reason="worse", by=responder
    )
    assert due_at(incident) == declared_at + timedelta(minutes=30)


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_nothing_is_waited_for_once_the_incident_ended(clock, team, responder, end):
    incident = declare(team)
    if end == "cancel":
        incident = incidents.cancel(incident.pk, reason="a test", by=responder)
    else:
        incident = incidents.close(resolve(incident, responder).pk, by=responder)
    assert due_at(incident) is None


def test_before_it_is_due_the_communications_lead_is_reminded_and_then_the_commander_told(
    clock, team, responder, commander
):
    incident = declare(team)
    incidents.assign_role(incident.pk, role="communications_lead", person=responder, by=responder)
    incidents.assign_role(incident.pk, role="commander", person=commander, by=commander)
    clock.shift(minutes=25)
    run_due()
    assert notices(responder).filter(subject__contains="update due at").count() == 1
    assert not notices(commander).filter(subject__contains="update").exists()
    clock.shift(minutes=5)
    run_due()
    assert notices(commander).filter(subject__contains="update overdue").count() == 1
    overdue = incident.timeline.get(kind=EventKind.UPDATE_OVERDUE)
    assert overdue.data["people"] == [commander.pk]


def test_an_overdue_update_that_is_sent_after_all_is_not_raised(clock, team, responder, commander):
    incident = declare(team)
    incidents.assign_role(incident.pk, role="commander", person=commander, by=commander)
    clock.shift(minutes=40)
    send(incident, responder)
    run_due()
    assert not incident.timeline.filter(kind=EventKind.UPDATE_OVERDUE).exists()
    assert not notices(commander).filter(subject__contains="overdue").exists()
