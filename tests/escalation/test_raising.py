"""Raising by hand: to any level, once, and never into silence (R10, R11, R13)."""

from __future__ import annotations

import pytest

from apps.core.errors import Invalid, RuleViolation
from apps.engine.models import State, Timer
from apps.escalation import actions as escalation
from apps.escalation.models import LevelState, Unless
from apps.incidents import actions
from apps.incidents.models import EventKind
from apps.notifications.models import Notification, NotificationKind
from tests.escalation.building import chain, cut_off, level_of, make_level, paged, states, texts
from tests.escalation.test_chain import let_pass
from tests.factories.escalation import make_trigger
from tests.factories.incidents import declare
from tests.factories.teams import make_team


def escalate(incident, by, *, reason="Stuck", **asked):
    escalation.escalate(incident.pk, reason=reason, by=by, **asked)


# ------------------------------------------------------------------------------------------------ borrowed levels


def test_a_level_that_the_chain_lacks_is_borrowed_from_the_nearest_worse_severity(house, clock):
    chain("P0", house.olga, house.tom, house.ceo)
    chain("P2", house.olga, house.tom, house.emma)
    chain("P3", house.olga, house.tom)
    make_trigger("security", level=3)
    incident = declare(house.team, house.olga, severity="P3")
    let_pass(clock, clock.now)
    escalate(incident, house.olga, trigger="security", reason="A token leaked")
    level = level_of(incident, 3)
    assert (level.state, level.name, level.unless) == (LevelState.FIRED, "Level 3", Unless.RESOLVED)
    assert level.due_at == level.at == clock.now
    assert paged(incident, 3) == [house.emma]
    assert states(incident) == {1: "fired", 2: "passed", 3: "fired"}
    assert texts(incident, EventKind.ESCALATED) == [
        "Olga escalates to level 3, Level 3 (taken from the chain of P2 of every team): Security. A token leaked"
    ]


def test_the_team_s_own_chain_lends_before_that_of_every_team(house):
    chain("P2", house.olga, house.tom, house.emma, team=house.team)
    chain("P2", house.olga, house.tom, house.ceo)
    chain("P3", house.olga, house.tom)
    incident = declare(house.team, house.olga, severity="P3")
    escalate(incident, house.olga, level=3)
    assert paged(incident, 3) == [house.emma]
    assert "P2 of Platform" in texts(incident, EventKind.ESCALATED)[0]


def test_a_short_chain_of_the_team_borrows_from_that_of_every_team(house):
    chain("P0", house.olga, house.tom, team=house.team)
    chain("P0", house.olga, house.tom, house.emma)
    incident = declare(house.team, house.olga, severity="P0")
    escalate(incident, house.olga, level=3)
    assert paged(incident, 3) == [house.emma]


def test_neither_a_milder_severity_nor_another_team_lends(house):
    chain("P2", house.olga, house.tom)
    chain("P3", house.olga, house.tom, house.emma)
    chain("P0", house.olga, house.tom, house.emma, team=make_team("ai"))
    incident = declare(house.team, house.olga, severity="P2")
    with pytest.raises(RuleViolation, match=r"No chain has a level 3 for P2 Medium or worse of the team Platform\."):
        escalate(incident, house.olga, level=3)
    assert not texts(incident, EventKind.ESCALATED)
    assert states(incident) == {1: "planned", 2: "planned"}


def test_a_borrowed_level_fires_once(house):
    chain("P0", house.olga, house.tom, house.emma)
    chain("P3", house.olga, house.tom)
    incident = declare(house.team, house.olga, severity="P3")
    escalate(incident, house.olga, level=3)
    with pytest.raises(RuleViolation, match="Level 3 was already paged"):
        escalate(incident, house.olga, level=3)
    assert Notification.objects.filter(person=house.emma, kind=NotificationKind.PAGE).count() == 1


@pytest.mark.parametrize("number", [0, 6])
def test_there_are_no_levels_but_1_to_5(house, number):
    chain("P0", house.olga)
    incident = declare(house.team, house.olga)
    with pytest.raises(Invalid, match="numbered 1 to 5") as refused:
        escalate(incident, house.olga, level=number)
    assert refused.value.field == "level"


# ------------------------------------------------------------------------------------------------ the next level


def test_without_a_level_it_is_the_lowest_that_was_not_paged_yet(house, clock):
    chain("P0", house.olga, house.tom, house.emma)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    escalate(incident, house.olga)
    assert states(incident) == {1: "fired", 2: "fired", 3: "planned"}


def test_a_level_that_an_acknowledgement_spared_is_paged_when_a_person_asks(house, clock):
    chain("P0", house.olga, house.tom, house.emma)
    spared, would_be = (declare(house.team, house.olga) for _ in range(2))
    let_pass(clock, clock.now)
    for incident in (spared, would_be):
        actions.acknowledge(incident.pk, by=house.olga)
    escalate(would_be, house.olga)
    clock.shift(minutes=20)
    let_pass(clock, clock.now)
    assert states(spared)[2] == "skipped"
    escalate(spared, house.olga)
    assert paged(spared, 2) == paged(would_be, 2) == [house.tom]
    assert states(spared)[3] == states(would_be)[3] == "planned"


def test_a_level_that_was_passed_is_not_the_next(house, clock):
    chain("P0", house.olga, house.tom, house.emma, house.carl)
    incident = declare(house.team, house.olga)
    escalate(incident, house.olga, level=3)
    escalate(incident, house.olga)
    assert states(incident) == {1: "passed", 2: "passed", 3: "fired", 4: "fired"}


def test_who_asks_for_the_next_level_moments_after_another_is_told_so(house, clock):
    chain("P0", house.olga, house.tom, house.emma, house.carl)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    escalate(incident, house.olga)
    clock.shift(seconds=9)
    with pytest.raises(RuleViolation, match="Olga escalated to level 2 a moment ago"):
        escalate(incident, house.olga)
    assert states(incident)[3] == "planned"
    clock.shift(seconds=1)
    escalate(incident, house.olga)
    assert states(incident) == {1: "fired", 2: "fired", 3: "fired", 4: "planned"}


def test_who_names_the_level_need_not_wait(house, clock):
    chain("P0", house.olga, house.tom, house.emma, house.carl)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    escalate(incident, house.olga, level=2)
    escalate(incident, house.olga)
    escalate(incident, house.olga, level=4)
    assert states(incident) == {1: "fired", 2: "fired", 3: "fired", 4: "fired"}


def test_at_the_end_of_the_chain_there_is_no_next(house, clock):
    chain("P0", house.olga, house.tom)
    incident = declare(house.team, house.olga)
    escalate(incident, house.olga, level=2)
    with pytest.raises(RuleViolation, match="Every level of the chain was already paged or passed"):
        escalate(incident, house.olga)


# ------------------------------------------------------------------------------------------------ in any case


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_whoever_escalates_says_why(house, reason):
    chain("P0", house.olga, house.tom)
    incident = declare(house.team, house.olga)
    with pytest.raises(Invalid, match="Say why") as refused:
        escalate(incident, house.olga, reason=reason, level=2)
    assert refused.value.field == "reason"
    assert states(incident) == {1: "planned", 2: "planned"}


def test_who_is_paged_reads_which_trigger_it_was_and_why(house):
    chain("P0", house.olga, house.tom, house.emma)
    make_trigger("security", level=3)
    incident = declare(house.team, house.olga)
    escalate(incident, house.olga, trigger="security", reason="A token leaked")
    page = Notification.objects.get(person=house.emma, kind=NotificationKind.PAGE)
    assert "Olga escalated: Security. A token leaked" in page.text


def test_an_empty_level_hands_over_past_what_is_not_needed(house, clock):
    policy = chain("P0", house.olga, house.tom, house.emma, house.carl, house.ceo)
    make_level(policy, 3, unless=Unless.ACKNOWLEDGED)
    cut_off(house.tom)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    actions.acknowledge(incident.pk, by=house.olga)
    escalate(incident, house.olga, level=2)
    assert states(incident) == {1: "fired", 2: "skipped", 3: "skipped", 4: "fired", 5: "planned"}
    assert paged(incident, 4) == [house.carl]
    assert not Timer.objects.filter(key=f"escalation.level:{level_of(incident, 4).pk}", state=State.PENDING).exists()


def test_when_nobody_at_all_could_be_paged_the_timeline_says_so(house, clock):
    chain("P0", house.olga, house.tom, house.emma)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    for person in (house.tom, house.emma):
        cut_off(person)
    escalate(incident, house.olga, level=2)
    assert states(incident) == {1: "fired", 2: "skipped", 3: "skipped"}
    assert texts(incident, EventKind.NOTE) == [
        "Olga escalated, but nobody at all could be paged, neither on level 2 nor on any above it."
    ]


def test_nothing_of_the_kind_is_said_when_the_next_level_was_paged_instead(house, clock):
    chain("P0", house.olga, house.tom, house.emma)
    incident = declare(house.team, house.olga)
    let_pass(clock, clock.now)
    cut_off(house.tom)
    escalate(incident, house.olga, level=2)
    assert paged(incident, 3) == [house.emma]
    assert not texts(incident, EventKind.NOTE)
