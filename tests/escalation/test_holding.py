"""A hold lets due levels wait, for a while and not longer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.errors import Invalid
from apps.escalation import actions as escalation
from apps.incidents.models import EventKind, Incident
from tests.escalation.building import House, chain, level_of, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare


@pytest.fixture
def incident(house: House, clock) -> Incident:
    """A P0 whose first level was paged; the next are due after 15 and 60 minutes."""
    chain("P0", house.olga, house.tom, house.emma)
    declared = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    return declared


def after(incident, **span):
    return incident.declared_at + timedelta(**span)


@pytest.mark.parametrize("minutes", [0, -5, 24 * 60 + 1])
def test_a_hold_lasts_between_a_minute_and_a_day(incident, house, minutes):
    with pytest.raises(Invalid, match="between 1 minute and 24 hours") as refused:
        escalation.hold(incident.pk, minutes=minutes, by=house.olga)
    assert refused.value.field == "minutes"
    assert incident.escalation_runs.get().held_until is None


@pytest.mark.parametrize("minutes", [1, 24 * 60])
def test_a_minute_and_a_day_are_allowed(incident, house, clock, minutes):
    escalation.hold(incident.pk, minutes=minutes, by=house.olga)
    assert incident.escalation_runs.get().held_until == clock.now + timedelta(minutes=minutes)


@pytest.mark.parametrize("second", [10, 60])
def test_a_second_hold_moves_the_levels_that_wait_already(incident, house, clock, second):
    escalation.hold(incident.pk, minutes=30, by=house.olga)
    let_pass(clock, after(incident, minutes=18))
    assert states(incident)[2] == "held"
    escalation.hold(incident.pk, minutes=second, by=house.olga)
    end = clock.now + timedelta(minutes=second)
    let_pass(clock, end - timedelta(minutes=1))
    assert states(incident)[2] == "held"
    let_pass(clock, end)
    assert (states(incident)[2], level_of(incident, 2).at) == ("fired", end)


def test_a_hold_that_is_over_holds_nothing(incident, house, clock):
    escalation.hold(incident.pk, minutes=5, by=house.olga)
    clock.shift(minutes=15)
    escalation.fire_when_due(level_of(incident, 2).pk)
    assert (states(incident)[2], level_of(incident, 2).at) == ("fired", after(incident, minutes=15))
    assert level_of(incident, 2).reason == "After 15 min the incident is not acknowledged."


def test_a_level_that_waits_says_until_which_day(incident, house, clock):
    escalation.hold(incident.pk, minutes=24 * 60, by=house.olga)
    let_pass(clock, after(incident, minutes=16))
    assert level_of(incident, 2).reason == "held until 2026-03-03 10:00 UTC"
    assert "Level 2 waits: held until 2026-03-03 10:00 UTC" in texts(incident, EventKind.ESCALATION_HELD)


def test_a_level_that_waited_says_since_when_nothing_happened(incident, house, clock):
    escalation.hold(incident.pk, minutes=30, by=house.olga)
    let_pass(clock, after(incident, minutes=31))
    assert level_of(incident, 2).reason == "The hold is over: after 30 min the incident is not acknowledged."
