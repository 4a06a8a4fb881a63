"""What a level does outside the hours of the incident's team, which works Monday to Friday, 9 to 17, in Berlin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.engine.models import State, Timer
from apps.escalation import actions as escalation
from apps.escalation import outlook, proof, queries
from apps.escalation.models import LevelState, OutsideHours, Policy, RunLevel, TargetKind
from apps.incidents import actions
from apps.incidents.models import EventKind, Incident
from apps.teams.models import Team
from tests.escalation.building import House, aim, chain, cut_off, level_of, make_level, paged, states, texts
from tests.escalation.test_chain import let_pass
from tests.escalation.test_rounds import pages
from tests.factories.incidents import declare, resolve

#: Monday 2 March 2026, 20:00 in Berlin: work begins at 8:00 UTC.
EVENING = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


@pytest.fixture
def policy(house: House) -> Policy:
    """Olga at once; Tom after 15 minutes, but not by night; Emma after an hour."""
    policy = chain("P0", house.olga, house.tom, house.emma)
    make_level(policy, 2, outside_hours=OutsideHours.WAIT)
    return policy


@pytest.fixture
def other(house: House) -> Policy:
    """Olga within working hours, Carl outside them."""
    policy = chain("P0", house.olga, house.ceo)
    aim(policy, 1, kind=TargetKind.PERSON, person=house.carl, outside_hours=True)
    make_level(policy, 1, outside_hours=OutsideHours.OTHER)
    return policy


def declared(house: House, clock, at: datetime) -> Incident:
    clock.set(at)
    incident = declare(house.team, house.olga)
    let_pass(clock, at)
    return incident


def test_within_working_hours_a_level_that_waits_outside_them_pages_at_its_time(house, policy, clock):
    incident = declared(house, clock, MORNING)
    let_pass(clock, MORNING + timedelta(minutes=20))
    assert pages(incident) == [("Olga", 0), ("Tom", 15)]


def test_by_night_it_waits_says_until_when_and_pages_when_work_begins(house, policy, clock):
    incident = declared(house, clock, EVENING)
    let_pass(clock, EVENING + timedelta(minutes=20))
    assert (states(incident)[2], level_of(incident, 2).waits_until) == ("held", MORNING)
    assert texts(incident, EventKind.ESCALATION_HELD) == [
        "Level 2 waits: held until 2026-03-03 08:00 UTC, when working hours of Platform begin"
    ]
    let_pass(clock, MORNING)
    assert pages(incident) == [("Olga", 0), ("Emma", 60), ("Tom", 13 * 60)]
    assert level_of(incident, 2).reason == "Working hours began: after 13 h the incident is not acknowledged."


def test_an_answer_by_night_spares_the_level_that_waits(house, policy, clock):
    incident = declared(house, clock, EVENING)
    let_pass(clock, EVENING + timedelta(minutes=30))
    actions.acknowledge(incident.pk, by=house.olga)
    let_pass(clock, MORNING)
    assert states(incident)[2] == "skipped"
    assert "acknowledged after 30 min" in level_of(incident, 2).reason


def test_resolved_by_night_it_pages_nobody_in_the_morning(house, policy, clock):
    incident = declared(house, clock, EVENING)
    let_pass(clock, EVENING + timedelta(minutes=30))
    resolve(incident, house.olga)
    let_pass(clock, MORNING + timedelta(hours=1))
    assert pages(incident) == [("Olga", 0)]


@pytest.mark.parametrize(
    ("night", "opens"),
    [
        ("2026-03-27T20:00", "2026-03-30T07:00"),  # Friday: clocks go forward on the Sunday between
        ("2026-10-23T20:00", "2026-10-26T08:00"),  # and back again
        ("2026-12-24T20:00", "2026-12-28T08:00"),  # Christmas is a Friday
        ("2026-03-03T16:00", "2026-03-04T08:00"),  # 17:00 sharp is outside
    ],
)
def test_weekends_holidays_and_changes_of_the_clock_are_those_of_the_team(house, policy, clock, night, opens):
    Team.objects.filter(pk=house.team.pk).update(holidays_of="DE")
    start, opening = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (night, opens))
    incident = declared(house, clock, start - timedelta(minutes=15))
    let_pass(clock, start)
    assert level_of(incident, 2).waits_until == opening


def test_a_hold_that_ends_by_night_is_followed_by_the_wait_for_the_morning(house, policy, clock):
    incident = declared(house, clock, EVENING)
    escalation.hold(incident.pk, minutes=60, by=house.olga)
    let_pass(clock, EVENING + timedelta(minutes=30))
    assert level_of(incident, 2).waits_until == MORNING
    escalation.hold(incident.pk, minutes=15 * 60, by=house.olga)
    assert level_of(incident, 2).waits_until == EVENING + timedelta(hours=15, minutes=30)


def test_by_hand_it_is_paged_at_any_hour(house, policy, clock):
    incident = declared(house, clock, EVENING)
    escalation.escalate(incident.pk, level=2, reason="It burns", by=house.olga)
    assert paged(incident, 2) == [house.tom]


def test_an_empty_level_hands_over_to_one_that_waits_only_to_wait(house, policy, clock):
    cut_off(house.olga)
    incident = declared(house, clock, EVENING)
    assert states(incident) == {1: "skipped", 2: "held", 3: "planned"}
    assert level_of(incident, 2).waits_until == MORNING
    let_pass(clock, EVENING + timedelta(minutes=61))
    assert pages(incident) == [("Emma", 60)]


def test_outside_hours_the_other_targets_are_paged_and_within_them_the_first(house, other, clock):
    by_night, by_day = declared(house, clock, EVENING), declared(house, clock, MORNING)
    assert (paged(by_night, 1), paged(by_day, 1)) == ([house.carl], [house.olga])


def test_a_level_with_nobody_for_the_night_goes_on_at_once(house, other, clock):
    cut_off(house.carl)
    incident = declared(house, clock, EVENING)
    assert states(incident) == {1: "skipped", 2: "fired"}
    assert level_of(incident, 1).reason == "nobody could be paged (Carl)"


def test_who_would_be_paged_is_told_for_the_hour_at_which_it_fires(house, policy, clock):
    clock.set(EVENING)
    incident = declare(house.team, house.olga)
    second = level_of(incident, 2)
    prospect = outlook.prospects(incident, [second])[second.pk]
    assert (prospect.at, prospect.people) == (MORNING, [house.tom])


def test_a_calendar_without_working_days_keeps_nobody_from_being_paged(house, policy, clock):
    Team.objects.filter(pk=house.team.pk).update(time_zone="Mars/Olympus")
    incident = declared(house, clock, EVENING)
    let_pass(clock, EVENING + timedelta(minutes=16))
    assert states(incident)[2] == "fired"


def test_the_proof_plans_a_level_that_waits_for_the_morning_and_not_before(house, policy, clock):
    incident = declared(house, clock, EVENING)
    let_pass(clock, EVENING + timedelta(minutes=20))
    held = RunLevel.objects.get(run__incident=incident, state=LevelState.HELD)
    assert proof.gaps() == []
    Timer.objects.filter(key=f"escalation.level:{held.pk}").delete()
    assert len(proof.gaps()) == 1
    escalation.prove()
    assert Timer.objects.get(key=f"escalation.level:{held.pk}", state=State.PENDING).due_at == MORNING


def test_what_comes_next_is_told_with_the_end_of_the_wait(house, policy, clock):
    incident = declared(house, clock, EVENING)
    let_pass(clock, EVENING + timedelta(minutes=61))
    summary = queries.summaries([incident])[incident.pk]
    assert (summary.next_level, summary.next_at) == (2, MORNING)
