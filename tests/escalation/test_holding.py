"""A hold lets due levels wait, for a while and not longer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.engine.models import Timer
from apps.engine.runner import run_due
from apps.escalation import actions as escalation
from apps.escalation import proof
from apps.incidents import actions
from apps.incidents.models import EventKind, Incident, Severity
from apps.notifications.models import Notification
from apps.teams.models import TeamRole, User
from tests.escalation.building import House, asks_again, chain, level_of, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.incidents import declare, resolve
from tests.factories.teams import make_person


@pytest.fixture
def incident(house: House, clock) -> Incident:
    """A P0 whose first level was paged; the next are due after 15 and 60 minutes."""
    chain("P0", house.olga, house.tom, house.emma)
    declared = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    return declared


@pytest.fixture
def tess(house: House) -> User:
    """Another responder of the team, whom no level names."""
    return make_person("Tess", house.team, TeamRole.RESPONDER)


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


class TestItsEnd:
    """A hold ends with somebody awake: whoever held it is asked, whether or not it was acknowledged."""

    def test_whoever_held_an_acknowledged_incident_is_asked_at_its_end(self, incident, house, tess, clock):
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=240, by=tess)
        end = clock.now + timedelta(hours=4)
        let_pass(clock, end - timedelta(seconds=1))
        assert asked(incident) == []
        let_pass(clock, end)
        assert asked(incident) == ["Tess"]
        assert texts(incident, EventKind.ASKED_AGAIN) == ["The hold is over: Tess asked whether they are still on it."]
        let_pass(clock, end + timedelta(days=2))
        assert asked(incident) == ["Tess"]

    def test_of_one_that_nobody_acknowledged_the_levels_go_on_and_whoever_held_it_is_asked(
        self, incident, house, clock
    ):
        escalation.hold(incident.pk, minutes=30, by=house.olga)
        let_pass(clock, clock.now + timedelta(minutes=30))
        assert states(incident)[2] == "fired"
        assert asked(incident) == ["Olga"]

    def test_what_was_resolved_meanwhile_asks_nobody(self, incident, house, clock):
        escalation.hold(incident.pk, minutes=30, by=house.olga)
        resolve(incident, house.olga)
        let_pass(clock, clock.now + timedelta(hours=1))
        assert asked(incident) == []

    def test_where_silence_is_asked_for_as_well_they_are_asked_once_and_then_it_goes_on(self, house, clock):
        asks_again(chain("P0", house.olga, house.tom), after=timedelta(minutes=20))
        incident = declare(house.team, house.olga)
        let_pass(clock, clock.now)
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=60, by=house.olga)
        end = clock.now + timedelta(minutes=60)
        let_pass(clock, end)
        assert asked(incident) == ["Olga"]
        let_pass(clock, end + timedelta(minutes=20))
        assert states(incident)[2] == "fired"

    def test_whoever_answers_is_left_alone(self, incident, house, clock):
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=30, by=house.olga)
        let_pass(clock, clock.now + timedelta(minutes=30))
        actions.add_note(incident.pk, text="Still looking", by=house.olga)
        page = Notification.objects.get(incident=incident, step__startswith="silence:")
        assert page.is_answered

    def test_a_later_hold_replaces_it_and_asks_who_held_it_last(self, incident, house, tess, clock):
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=30, by=house.olga)
        escalation.hold(incident.pk, minutes=60, by=tess)
        let_pass(clock, clock.now + timedelta(minutes=45))
        assert asked(incident) == []
        let_pass(clock, clock.now + timedelta(minutes=15))
        assert asked(incident) == ["Tess"]

    def test_it_goes_on_by_another_severity(self, incident, house, tess, clock):
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=30, by=house.olga)
        actions.change_severity(
            incident.pk, severity=Severity.objects.get(code="P1"), reason="A workaround exists", by=tess
        )
        let_pass(clock, clock.now + timedelta(minutes=30))
        assert asked(incident) == ["Olga"]

    def test_where_whoever_held_it_left_the_others_are_asked(self, incident, house, tess, clock):
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=30, by=tess)
        User.objects.filter(pk=tess.pk).update(is_active=False)
        let_pass(clock, clock.now + timedelta(minutes=30))
        assert asked(incident) == ["Olga"]

    def test_whoever_held_it_before_another_took_it_on_is_left_to_sleep(self, incident, house, tess, clock):
        escalation.hold(incident.pk, minutes=30, by=tess)
        actions.acknowledge(incident.pk, by=house.olga)
        let_pass(clock, clock.now + timedelta(minutes=30))
        assert asked(incident) == ["Olga"]

    def test_where_nobody_who_is_on_it_is_reached_the_chain_goes_on(self, incident, house, clock):
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=30, by=house.olga)
        User.objects.filter(pk=house.olga.pk).update(is_active=False)
        let_pass(clock, clock.now + timedelta(minutes=30))
        assert states(incident)[2] == "fired"

    def test_the_proof_finds_the_lost_end_of_a_hold(self, incident, house, clock):
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=30, by=house.olga)
        Timer.objects.filter(kind=escalation.SILENCE).delete()
        clock.shift(minutes=31)
        assert [gap.text for gap in proof.gaps()] == [
            f"Whoever took {incident} on, or held it, would not have been asked whether they are still on it."
        ]
        escalation.prove()
        assert asked(incident) == ["Olga"]


class TestEndingEarly:
    def test_what_waits_is_paged_at_once_and_nobody_is_asked(self, incident, house, tess, clock):
        escalation.hold(incident.pk, minutes=60, by=house.olga)
        let_pass(clock, after(incident, minutes=16))
        assert states(incident)[2] == "held"
        escalation.end_hold(incident.pk, by=tess)
        run_due()
        assert states(incident)[2] == "fired"
        assert level_of(incident, 2).reason == "The hold is over: after 16 min the incident is not acknowledged."
        assert texts(incident, EventKind.HOLD_ENDED) == ["Tess ends the hold: the escalation goes on."]
        let_pass(clock, after(incident, minutes=59))
        assert (states(incident)[3], asked(incident)) == ("planned", [])
        let_pass(clock, after(incident, minutes=60))
        assert (states(incident)[3], asked(incident)) == ("fired", [])

    def test_what_is_not_due_yet_keeps_its_time(self, incident, house, clock):
        escalation.hold(incident.pk, minutes=60, by=house.olga)
        escalation.end_hold(incident.pk, by=house.olga)
        run_due()
        assert states(incident) == {1: "fired", 2: "planned", 3: "planned"}

    def test_silence_counts_from_then(self, house, clock):
        asks_again(chain("P0", house.olga, house.tom), after=timedelta(minutes=20))
        incident = declare(house.team, house.olga)
        actions.acknowledge(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=600, by=house.olga)
        let_pass(clock, clock.now + timedelta(minutes=60))
        escalation.end_hold(incident.pk, by=house.olga)
        let_pass(clock, clock.now + timedelta(minutes=19))
        assert asked(incident) == []
        let_pass(clock, clock.now + timedelta(minutes=1))
        assert asked(incident) == ["Olga"]

    def test_where_nothing_is_held_there_is_nothing_to_end(self, incident, house, clock):
        with pytest.raises(RuleViolation, match="is not held"):
            escalation.end_hold(incident.pk, by=house.olga)
        escalation.hold(incident.pk, minutes=1, by=house.olga)
        clock.shift(minutes=1)
        with pytest.raises(RuleViolation, match="is not held"):
            escalation.end_hold(incident.pk, by=house.olga)

    def test_only_who_responds_ends_it(self, incident, house):
        escalation.hold(incident.pk, minutes=60, by=house.olga)
        with pytest.raises(NotAllowed):
            escalation.end_hold(incident.pk, by=make_person("Stan", house.team, TeamRole.STAKEHOLDER))


def asked(incident) -> list[str]:
    """Who was asked whether they are still on it, each time."""
    pages = Notification.objects.filter(incident=incident, step__startswith="silence:").order_by("pk")
    return [str(page.person) for page in pages]
