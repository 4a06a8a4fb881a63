"""Who holds which seat where people are put in by name: nobody two, and none is empty while somebody is free."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.rosters import actions, queries
from apps.rosters.models import Roster, ShiftSource
from apps.rosters.rules import CalendarPlan, Stretch, Window, compute
from apps.teams.models import TeamRole
from tests.rosters.building import layer_of, member
from tests.rosters.test_rules import ANNA, BEN, BERLIN, CLEO, DAN, layer, override, utc
from tests.rosters.test_rules_always import exceptions, leave, plans, starts, weekly_plans, zones

DAY = Window(utc("2025-01-06T08:00"), utc("2025-01-07T08:00"))
ALL_DAY = ("2025-01-06T08:00", "2025-01-07T08:00")
NOON = ("2025-01-06T12:00", "2025-01-06T14:00")


def seated(layers, overrides, away=()) -> list[tuple[int, int, str, str]]:
    gone = {person: [DAY] for person in away}
    found = compute(layers, overrides, zone=BERLIN, window=DAY, away=gone)
    return [(each.seat, each.person, f"{each.start:%H:%M}", f"{each.end:%H:%M}") for each in found]


def test_leave_is_not_taken_over_by_whoever_was_put_into_another_seat():
    pair = layer(ANNA, BEN, CLEO, DAN, at_once=2)
    assert seated([pair], [override(CLEO, *ALL_DAY)], away=[BEN]) == [
        (0, CLEO, "08:00", "08:00"), (1, DAN, "08:00", "08:00"),
    ]  # fmt: skip


def test_whoever_is_put_into_another_seat_than_their_own_leaves_it_to_the_next():
    assert seated([layer(ANNA, BEN, CLEO, at_once=2)], [override(BEN, *NOON)]) == [
        (0, ANNA, "08:00", "12:00"), (0, BEN, "12:00", "14:00"), (0, ANNA, "14:00", "08:00"),
        (1, BEN, "08:00", "12:00"), (1, CLEO, "12:00", "14:00"), (1, BEN, "14:00", "08:00"),
    ]  # fmt: skip


def test_a_seat_that_somebody_was_put_into_asks_nobody_of_the_layer():
    """Anna and Ben are away; Rita was put in for her, so that Cleo is left for him."""
    rita = 9
    assert seated([layer(ANNA, BEN, CLEO, at_once=2)], [override(rita, *ALL_DAY)], away=[ANNA, BEN]) == [
        (0, rita, "08:00", "08:00"), (1, CLEO, "08:00", "08:00"),
    ]  # fmt: skip


def test_where_nobody_else_is_free_the_other_seat_is_empty():
    """Anna was relieved by name: she is not asked to come back in another seat."""
    assert seated([layer(ANNA, BEN, CLEO, at_once=2)], [override(CLEO, *ALL_DAY)], away=[BEN]) == [
        (0, CLEO, "08:00", "08:00"),
    ]  # fmt: skip


def test_of_two_seats_by_name_the_later_one_counts():
    overrides = [override(CLEO, *ALL_DAY), override(CLEO, *NOON, seat=1)]
    assert seated([layer(ANNA, BEN, at_once=2)], overrides) == [
        (0, CLEO, "08:00", "12:00"), (0, ANNA, "12:00", "14:00"), (0, CLEO, "14:00", "08:00"),
        (1, BEN, "08:00", "12:00"), (1, CLEO, "12:00", "14:00"), (1, BEN, "14:00", "08:00"),
    ]  # fmt: skip


def test_what_lies_below_one_that_does_not_count_does():
    """Anna, then Cleo over her, then Cleo in the other seat."""
    overrides = [override(ANNA, *ALL_DAY), override(CLEO, *ALL_DAY), override(CLEO, *ALL_DAY, seat=1)]
    assert seated([], overrides) == [(0, ANNA, "08:00", "08:00"), (1, CLEO, "08:00", "08:00")]


def test_a_layer_of_whom_one_is_put_elsewhere_leaves_the_seat_to_the_layers_below():
    assert seated([layer(ANNA), layer(BEN)], [override(BEN, *NOON, seat=1)]) == [
        (0, BEN, "08:00", "12:00"), (0, ANNA, "12:00", "14:00"), (0, BEN, "14:00", "08:00"),
        (1, BEN, "12:00", "14:00"),
    ]  # fmt: skip


def test_a_layer_in_which_somebody_is_there_hides_the_others_though_its_seat_is_held_by_name():
    lower = layer(ANNA, BEN, at_once=2)
    assert seated([lower, layer(CLEO, DAN)], [override(9, *ALL_DAY)], away=[CLEO]) == [(0, 9, "08:00", "08:00")]
    assert seated([lower, layer(CLEO)], [override(9, *ALL_DAY)], away=[CLEO]) == [
        (0, 9, "08:00", "08:00"), (1, BEN, "08:00", "08:00"),
    ]  # fmt: skip


def test_a_turn_of_a_calendar_is_nobodys_while_its_person_is_in_another_seat():
    turns = [
        Stretch(0, ANNA, DAY.start, DAY.end, ShiftSource.LAYER),
        Stretch(1, BEN, DAY.start, DAY.end, ShiftSource.LAYER),
    ]
    assert seated([CalendarPlan(tuple(turns))], [override(BEN, *NOON), override(ANNA, *NOON, seat=2)]) == [
        (0, ANNA, "08:00", "12:00"), (0, BEN, "12:00", "14:00"), (0, ANNA, "14:00", "08:00"),
        (1, BEN, "08:00", "12:00"), (1, BEN, "14:00", "08:00"),
        (2, ANNA, "12:00", "14:00"),
    ]  # fmt: skip


@given(st.data(), plans | weekly_plans, zones, starts)
def test_whatever_leave_and_overrides_there_are_nobody_holds_two_and_no_seat_is_empty_while_somebody_is_free(
    data, plan, zone, start
):
    """Free is whoever takes turns, is there, holds nothing by name, and was not relieved by name."""
    window = Window(start, start + timedelta(days=30))
    away, overrides = data.draw(leave(sorted(plan.people), start)), data.draw(exceptions(start))
    usual = compute([plan], [], zone=zone, window=window)
    found = compute([plan], overrides, zone=zone, window=window, away=away)
    for hours in range(0, 30 * 24, 5):
        at = start + timedelta(hours=hours)
        gone = {person for person, [missing] in away.items() if missing.start <= at < missing.end}
        by_name = by_name_at(overrides, at)
        turn = {each.seat: each.person for each in usual if each.start <= at < each.end}
        held = {each.seat: each.person for each in found if each.start <= at < each.end}
        others = {seat: person for seat, person in held.items() if seat not in by_name}
        relieved = {turn[seat] for seat in by_name if seat in turn}
        free = set(plan.people) - gone - set(by_name.values()) - relieved
        stays = {seat: person for seat, person in turn.items() if seat not in by_name and person in free}
        assert by_name.items() <= held.items()
        assert stays.items() <= others.items()
        assert set(others.values()) <= free
        assert len(set(held.values())) == len(held)
        assert len(others) == min(len(turn.keys() - by_name.keys()), len(free) if turn else 0)


def by_name_at(overrides: list[Stretch], at: datetime) -> dict[int, int]:
    """Whom overrides put into which seat: of a seat, and of a person, the later one counts."""
    found: dict[int, int] = {}
    for each in reversed(overrides):
        if each.start <= at < each.end and each.seat not in found and each.person not in found.values():
            found[each.seat] = each.person
    return found


@pytest.mark.django_db
def test_leave_after_an_override_pages_two_people_and_not_one(clock, team, manager, people):
    dora = member("dora@example.com", team, TeamRole.RESPONDER)
    pair = Roster.objects.create(slug="pair", name="Pair", team=team, is_primary=True)
    layer_of(pair, [*people, dora], at_once=2, length=30)
    actions.materialise(pair, now=clock.now)
    ends = clock.now + timedelta(days=3)
    actions.add_override(pair, person=people[2], start=clock.now, end=ends, by=manager)
    actions.add_absence(people[1], start=clock.now, end=ends, by=manager)
    assert [person.name for person in queries.on_call_people(team, clock.now)] == ["cleo", "dora"]


@pytest.mark.django_db
def test_a_layer_that_is_edited_under_an_override_gives_nobody_two_seats(clock, team, manager, people):
    pair = Roster.objects.create(slug="pair", name="Pair", team=team, is_primary=True)
    edited = layer_of(pair, people[:1])
    actions.add_override(pair, person=people[1], start=clock.now, end=clock.now + timedelta(days=1), by=manager)
    for place, person in enumerate(people[1:], start=2):
        edited.members.create(person=person, position=place)
    edited.at_once = 2
    edited.save()
    actions.materialise(pair, now=clock.now)
    assert [person.name for person in queries.on_call_people(team, clock.now)] == ["ben", "cleo"]
