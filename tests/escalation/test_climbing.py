"""Which chain an incident climbs, that a level is decided once, and that nothing of it outlives the incident."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.escalation import proof
from apps.escalation.models import LevelState, Policy
from apps.incidents import actions
from apps.incidents.models import EventKind, Severity
from apps.notifications.models import Delivery, DeliveryState, NotificationKind
from tests.escalation.building import chain, cut_off, level_of, paged, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_team


def pages_sent() -> list[str]:
    return [message.to[0] for message in mail.outbox if message.extra_headers.get("X-ADO-Kind") == "page"]


# ------------------------------------------------------------------------------------------------ which chain


def test_a_team_s_own_chain_stands_for_that_of_every_team(house, clock):
    chain("P0", house.emma, team=house.team)
    chain("P0", house.tom)
    own, other = declare(house.team, house.olga), declare(make_team("ai"))
    let_pass(clock, clock.now)
    assert (paged(own, 1), paged(other, 1)) == ([house.emma], [house.tom])


def test_where_no_policy_applies_the_on_call_is_paged_at_once_and_it_is_said(house, clock):
    put_on_call(house.team, house.tom)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    assert states(incident) == {1: "fired"}
    assert paged(incident, 1) == [house.tom]
    assert "Level 1, On call: Tom paged. The incident was declared." in texts(incident, EventKind.LEVEL_FIRED)
    assert texts(incident, EventKind.NOTE) == [
        "No escalation policy covers P0 Critical of the team Platform: only its on-call is paged."
    ]


def test_a_policy_without_levels_covers_nothing(house, clock):
    put_on_call(house.team, house.tom)
    Policy.objects.create(severity=Severity.objects.get(code="P0"))
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    assert paged(incident, 1) == [house.tom]


def test_the_on_call_of_an_incident_that_no_policy_covers_is_spared_by_an_answer(house, clock):
    put_on_call(house.team, house.tom)
    incident = declare(house.team, house.olga)
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, clock.now)
    assert states(incident) == {1: "skipped"}
    assert pages_sent() == []


def test_an_incident_that_no_policy_covers_can_be_raised_by_a_worse_severity_s_chain(house, clock):
    chain("P0", house.olga, house.tom)
    incident = declare(house.team, house.olga, severity="P3")
    escalation.escalate(incident.pk, level=2, reason="Stuck", by=house.olga)
    assert paged(incident, 2) == [house.tom]


# ------------------------------------------------------------------------------------------------ decided once


def test_a_level_that_fired_does_not_fire_again(house, clock):
    chain("P0", house.olga, house.tom)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    before = level_of(incident, 1)
    clock.shift(minutes=1)
    escalation.fire_when_due(before.pk)
    assert level_of(incident, 1).at == before.at
    assert len(texts(incident, EventKind.LEVEL_FIRED)) == 1


def test_a_level_that_was_passed_does_not_fire_after_all(house, clock):
    chain("P0", house.olga, house.tom, house.emma)
    incident = declare(house.team, house.olga)
    escalation.escalate(incident.pk, level=3, reason="Stuck", by=house.olga)
    escalation.fire_when_due(level_of(incident, 2).pk)
    assert states(incident) == {1: "passed", 2: "passed", 3: "fired"}


def test_a_level_of_a_run_that_ended_does_not_fire(house, clock):
    chain("P0", house.olga, house.tom)
    incident = declare(house.team, house.olga)
    level = level_of(incident, 2)
    run = level.run
    run.ended_at = clock.now
    run.save()
    escalation.fire_when_due(level.pk)
    assert level_of(incident, 2).state == "planned"


# ------------------------------------------------------------------------------------------------ when it is over


def cancel(incident, by):
    actions.cancel(incident.pk, reason="A false alarm", by=by)


def merge(incident, by):
    actions.merge(incident.pk, into=declare(incident.team, by, severity="P3").pk, by=by)


@pytest.mark.parametrize("end", [cancel, merge])
def test_nobody_is_paged_for_what_was_cancelled_or_merged(house, clock, end):
    chain("P0", house.olga, house.tom)
    chain("P3", house.emma, minutes=(30,))
    incident = declare(house.team, house.olga)
    escalation.fire_when_due(level_of(incident, 1).pk)
    page = Delivery.objects.get(
        notification__incident=incident, notification__kind=NotificationKind.PAGE, channel="email"
    )
    assert page.state == DeliveryState.PLANNED
    end(incident, house.olga)
    page.refresh_from_db()
    assert page.state == DeliveryState.CANCELLED
    assert page.notification.stopped_at == clock.now
    assert states(incident) == {1: "fired", 2: "skipped"}
    let_pass(clock, clock.now + timedelta(minutes=20))
    assert pages_sent() == []
    of_a_page = Timer.objects.filter(kind__in=("escalation.level", "notifications.deliver"), state=State.PENDING)
    assert not of_a_page.filter(subject__startswith=f"incident:{incident.pk}").exists()


def test_an_open_incident_without_a_run_is_a_gap_whatever_policies_there_are(house, clock):
    incident = declare(house.team, house.olga)
    run_due()
    incident.escalation_runs.get().levels.get().delete()
    incident.escalation_runs.get().delete()
    assert [gap.text for gap in proof.gaps()] == [f"{incident} did not climb its chain."]


def test_of_levels_that_are_due_at_once_the_lower_fires_first_whichever_worker_comes_first(house, clock):
    chain("P0", house.emma, house.tom, house.carl)
    incident = declare(house.team, house.olga)
    clock.shift(hours=1)
    escalation.fire_when_due(level_of(incident, 3).pk)
    fired = incident.timeline.filter(kind=EventKind.LEVEL_FIRED).order_by("pk")
    assert [event.data["level"] for event in fired] == [1, 2, 3]
    run_due()
    assert [paged(incident, number) for number in (1, 2, 3)] == [[house.emma], [house.tom], [house.carl]]
    assert fired.count() == 3


@pytest.mark.parametrize(("empty", "fires"), [((1,), [2, 3]), ((1, 2), [3])])
def test_of_levels_that_are_due_at_once_what_empty_ones_hand_over_to_fires_once_and_nothing_above(
    house, clock, empty, fires
):
    people = (house.emma, house.tom, house.carl, house.ceo)
    chain("P0", *people)
    for number in empty:
        cut_off(people[number - 1])
    incident = declare(house.team, house.olga)
    clock.shift(hours=1)
    escalation.fire_when_due(level_of(incident, 3).pk)
    run_due()
    fired = incident.timeline.filter(kind=EventKind.LEVEL_FIRED).order_by("pk")
    assert [event.data["level"] for event in fired] == fires
    assert level_of(incident, 4).state == LevelState.PLANNED
