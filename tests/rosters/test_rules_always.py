"""What holds of the turns of whatever layers, in whatever zone and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.rosters.models import Rotation, ShiftSource
from apps.rosters.rules import LayerPlan, Stretch, WeeklyRange, Window, compute
from tests.rosters.test_rules import utc

#: Time enough for a roster to see every change of a year's clocks.
YEAR = timedelta(days=400)


zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)


@st.composite
def weekly_ranges(draw) -> WeeklyRange:
    weekdays = frozenset(draw(st.sets(st.integers(0, 6), min_size=1)))
    start, end, days = draw(st.times()), draw(st.times()), draw(st.integers(0, 6))
    return WeeklyRange(weekdays, start, end, days if end > start else days + 1)


rhythm = {
    "people": st.lists(st.integers(1, 5), min_size=1, max_size=5, unique=True).map(tuple),
    "handoff_time": st.times(),
    "starts_on": st.dates(date(1995, 1, 1), date(2030, 1, 1)),
    "at_once": st.integers(1, 3),
    "restrictions": st.lists(weekly_ranges(), max_size=3).map(tuple),
    "zone": st.none() | zones,
}
plans = st.builds(LayerPlan, rotation=st.sampled_from(Rotation), length=st.integers(1, 15), **rhythm)
weekly_plans = st.builds(
    LayerPlan,
    rotation=st.just(Rotation.WEEKS),
    length=st.integers(1, 4),
    handoff_weekday=st.integers(0, 6),
    **rhythm,
)
starts = st.integers(0, 35 * 365 * 24 * 60).map(lambda minutes: utc("1996-06-01T00:00") + timedelta(minutes=minutes))


@st.composite
def exceptions(draw, start: datetime) -> list[Stretch]:
    """Overrides of any seat, by people of the layers and by others."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        begins = start + timedelta(minutes=draw(st.integers(-2000, 60_000)))
        ends = begins + timedelta(minutes=draw(st.integers(1, 20_000)))
        found.append(Stretch(draw(st.integers(0, 2)), draw(st.integers(1, 7)), begins, ends, ShiftSource.OVERRIDE))
    return found


@st.composite
def leave(draw, people: list[int], start: datetime) -> dict[int, list[Window]]:
    """Some of the people are away once, from some minute to another."""
    away = {}
    for person in draw(st.sets(st.sampled_from(people))):
        begins = start + timedelta(minutes=draw(st.integers(-5000, 40_000)))
        away[person] = [Window(begins, begins + timedelta(minutes=draw(st.integers(1, 20_000))))]
    return away


def seats(stretches: list[Stretch]) -> list[list[Stretch]]:
    """The stretches of each seat, in the order in which they were computed."""
    return [list(of_seat) for _, of_seat in groupby(stretches, key=lambda each: each.seat)]


@given(st.data(), st.lists(plans | weekly_plans, min_size=1, max_size=3), zones, starts)
def test_nobody_overlaps_and_the_first_layer_leaves_no_gap(data, layers, zone, start):
    window = Window(start, start + timedelta(days=40))
    overrides = data.draw(exceptions(start))
    stretches = compute(layers, overrides, zone=zone, window=window)
    assert all(window.start <= each.start < each.end <= window.end for each in stretches)
    for of_seat in seats(stretches):
        assert all(one.end <= other.start for one, other in pairwise(of_seat))
    lowest = layers[0]
    if not lowest.restrictions and lowest.starts_on < start.date() - timedelta(days=2):
        first, *_ = seats(compute(layers, [], zone=zone, window=window))
        assert (first[0].start, first[-1].end) == (window.start, window.end)
        assert all(one.end == other.start for one, other in pairwise(first))


@given(st.data(), plans | weekly_plans, zones, starts)
def test_a_seat_is_held_by_the_same_or_by_somebody_who_is_there(data, plan, zone, start):
    """Whatever leave there is: nobody who is away holds one, nobody two, and none is empty while somebody is free."""
    window = Window(start, start + timedelta(days=30))
    away = data.draw(leave(sorted(plan.people), start))
    usual = compute([plan], [], zone=zone, window=window)
    with_leave = compute([plan], [], zone=zone, window=window, away=away)
    for hours in range(0, 30 * 24, 5):
        at = start + timedelta(hours=hours)
        gone = {person for person, [missing] in away.items() if missing.start <= at < missing.end}
        wanted = {each.seat: each.person for each in usual if each.start <= at < each.end}
        held = {each.seat: each.person for each in with_leave if each.start <= at < each.end}
        assert not gone & set(held.values())
        assert len(set(held.values())) == len(held)
        assert {seat: held.get(seat) for seat, person in wanted.items() if person not in gone} == {
            seat: person for seat, person in wanted.items() if person not in gone
        }
        assert len(held) == min(len(wanted), len(set(plan.people) - gone))


@given(plans | weekly_plans, zones, starts)
def test_nobody_holds_two_seats_of_one_layer(plan, zone, start):
    first, *others = seats(compute([plan], [], zone=zone, window=Window(start, start + timedelta(days=40)))) or [[]]
    assert len(others) in (0, min(plan.at_once, len(plan.people)) - 1)
    for other in others:
        assert [(each.start, each.end) for each in other] == [(each.start, each.end) for each in first]
    for together in zip(first, *others, strict=True):
        assert len({each.person for each in together}) == len(together)


@given(plans, zones, starts)
def test_a_layer_covers_what_lies_within_its_restrictions_and_nothing_else(plan, zone, start):
    """Where no clock changes nearby, the wall time alone says it."""
    zone = plan.zone or zone
    plan = replace(plan, starts_on=(start - timedelta(days=3)).date(), zone=zone, rotation=Rotation.DAYS)
    first, *_ = seats(compute([plan], [], zone=zone, window=Window(start, start + timedelta(days=15)))) or [[]]
    for minutes in range(0, 15 * 24 * 60, 37):
        at = start + timedelta(minutes=minutes)
        near = {(at + timedelta(days=day)).astimezone(zone).utcoffset() for day in range(-9, 9)}
        if len(near) == 1:
            held = any(each.start <= at < each.end for each in first)
            assert held == _is_open(plan.restrictions, at.astimezone(zone).replace(tzinfo=None))


def _is_open(restrictions: tuple[WeeklyRange, ...], wall: datetime) -> bool:
    """Whether a range that began at most eight days ago still lasts."""
    for each in restrictions:
        for ago in range(9):
            began = wall.date() - timedelta(days=ago)
            ends = datetime.combine(began + timedelta(days=each.days), each.end)
            if began.weekday() in each.weekdays and datetime.combine(began, each.start) <= wall < ends:
                return True
    return not restrictions


@given(plans | weekly_plans, zones, st.integers(1996, 2036))
def test_a_handoff_shows_the_same_wall_time_on_every_day_that_has_it(plan, zone, year):
    if plan.rotation == Rotation.HOURS:
        return
    plan = replace(plan, restrictions=())
    zone = plan.zone or zone
    start = datetime(year, 1, 1, tzinfo=UTC)
    for of_seat in seats(compute([plan], [], zone=zone, window=Window(start, start + YEAR))):
        for one, other in pairwise(of_seat):
            handoff = other.start.astimezone(zone)
            wanted = datetime.combine(handoff.date(), plan.handoff_time)
            assert one.end == other.start
            assert handoff.replace(tzinfo=None) == wanted or _changed_just_now(other.start, zone)


def _changed_just_now(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks were put forward at this very instant."""
    before, at = ((instant + shift).astimezone(zone).utcoffset() for shift in (-timedelta(seconds=1), timedelta(0)))
    return before < at


@pytest.mark.parametrize("days", [30, 366])
def test_day_by_day_is_the_whole(days):
    @settings(max_examples=60 if days == 30 else 6, deadline=None)
    @given(st.data(), st.lists(plans | weekly_plans, min_size=1, max_size=3), zones, starts)
    def holds(data, layers, zone, start):
        holidays = data.draw(st.frozensets(st.dates(start.date(), (start + timedelta(days=days)).date()), max_size=20))
        layers = [replace(plan, holidays=holidays) for plan in layers]
        away = data.draw(leave(sorted({person for plan in layers for person in plan.people}), start))
        overrides = data.draw(exceptions(start))
        windows = [Window(start + timedelta(days=day), start + timedelta(days=day + 1)) for day in range(days)]
        by_day = [each for day in windows for each in compute(layers, overrides, zone=zone, window=day, away=away)]
        whole_time = Window(start, start + timedelta(days=days))
        whole = compute(layers, overrides, zone=zone, window=whole_time, away=away)
        assert _by_quarter_hour(by_day, start) == _by_quarter_hour(whole, start)
        assert sum((each.end - each.start for each in by_day), timedelta()) == sum(
            (each.end - each.start for each in whole), timedelta()
        )

    holds()


def _by_quarter_hour(stretches: list[Stretch], start: datetime) -> dict[tuple[int, datetime], int]:
    held = {}
    for each in stretches:
        quarter = -((start - each.start) // timedelta(minutes=15))
        moment = start + quarter * timedelta(minutes=15)
        while moment < each.end:
            held[each.seat, moment] = each.person
            moment += timedelta(minutes=15)
    return held
