"""Which time is wanted of a roster, and when nobody is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.rosters.coverage import windows
from apps.rosters.coverage.gaps import gaps, shortages, wanted
from apps.rosters.coverage.seats import Seats, at_least, held_by
from apps.rosters.models import Rotation, ShiftSource
from apps.rosters.rules import CalendarPlan, LayerPlan, Stretch, WeeklyRange, Window, merged, outside

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = WeeklyRange(frozenset(range(5)), time(9), time(18))
LAYER = LayerPlan(
    people=(), rotation=Rotation.WEEKS, length=1, handoff_time=time(9), starts_on=date(2026, 1, 5)
)  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def spans(*texts: str) -> list[Window]:
    """``03-02 09:00 > 03-02 17:00`` in UTC."""
    return [Window(*map(utc, text.split(" > "))) for text in texts]


def shown(found: list[Window]) -> list[str]:
    return [f"{each.start:%m-%d %H:%M} > {each.end:%m-%d %H:%M}" for each in found]


WEEK = spans("03-02 00:00 > 03-09 00:00")[0]


def want(*layers, window: Window = WEEK, is_primary: bool = False) -> list[str]:
    return shown(wanted(layers, is_primary=is_primary, zone=BERLIN, window=window))


def test_of_a_primary_roster_all_time_is_wanted_whatever_its_layers_say():
    assert want(is_primary=True) == ["03-02 00:00 > 03-09 00:00"]
    assert want(replace(LAYER, restrictions=(OFFICE,)), is_primary=True) == ["03-02 00:00 > 03-09 00:00"]


def test_of_another_what_its_layers_cover_though_nobody_is_in_them():
    assert want() == []
    assert want(replace(LAYER, restrictions=(OFFICE,))) == [
        f"03-0{day} 08:00 > 03-0{day} 17:00" for day in range(2, 7)
    ]  # fmt: skip


def test_before_the_first_layer_begins_nobody_is_wanted():
    assert want(replace(LAYER, starts_on=date(2026, 3, 5))) == ["03-05 08:00 > 03-09 00:00"]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([replace(LAYER, ends_on=date(2026, 3, 4))], ["03-02 00:00 > 03-09 00:00"], id="for ever"),
        pytest.param(
            [replace(LAYER, ends_on=date(2026, 3, 4), restrictions=(OFFICE,))],
            [f"03-0{day} 08:00 > 03-0{day} 17:00" for day in range(2, 7)],
            id="as far as it covers",
        ),
        pytest.param(
            [
                replace(LAYER, ends_on=date(2026, 3, 4)),
                replace(LAYER, starts_on=date(2026, 3, 6), restrictions=(OFFICE,)),
            ],
            ["03-02 00:00 > 03-06 17:00"],
            id="up to the next one",
        ),
        pytest.param(
            [
                replace(LAYER, ends_on=date(2026, 3, 4)),
                replace(LAYER, starts_on=date(2026, 3, 4), restrictions=(OFFICE,)),
            ],
            ["03-02 00:00 > 03-04 17:00", "03-05 08:00 > 03-05 17:00", "03-06 08:00 > 03-06 17:00"],
            id="not where another lasts already",
        ),
    ],
)
def test_where_no_layer_lasts_what_the_last_one_covered_is_wanted_still(layers, expected):
    assert want(*layers) == expected


def test_a_calendar_wants_what_stands_in_it():
    [event] = spans("03-03 10:00 > 03-03 12:00")
    plan = CalendarPlan((Stretch(0, 1, event.start, event.end, ShiftSource.LAYER),))
    assert want(plan) == ["03-03 10:00 > 03-03 12:00"]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clocks_change_is_wanted_whole(day, hours):
    whole = WeeklyRange(frozenset({6}), time(0), time(0), 1)
    around = Window(utc(f"{day:%m-%d} 12:00") - timedelta(days=2), utc(f"{day:%m-%d} 12:00") + timedelta(days=2))
    [found] = wanted([replace(LAYER, restrictions=(whole,))], is_primary=False, zone=BERLIN, window=around)
    assert found.end - found.start == timedelta(hours=hours)


def test_a_gap_says_since_when_and_until_when_nobody_is_there():
    held = spans("02-27 00:00 > 03-03 09:00", "03-04 09:00 > 03-10 00:00")
    [gap] = gaps([WEEK], held, WEEK)
    assert (gap.start, gap.end, gap.missing) == (utc("03-03 09:00"), utc("03-04 09:00"), timedelta(days=1))
    assert (gap.since, gap.until) == (gap.start, gap.end)


def test_days_of_a_roster_that_nobody_holds_meanwhile_are_one_gap():
    office = wanted([replace(LAYER, restrictions=(OFFICE,))], is_primary=False, zone=BERLIN, window=WEEK)
    held = spans("03-02 08:00 > 03-02 17:00", "03-06 08:00 > 03-06 17:00")
    [gap] = gaps(office, held, WEEK)
    assert [f"{part.start:%d}" for part in gap.parts] == ["03", "04", "05"]
    assert gap.missing == timedelta(hours=27)
    assert (gap.since, gap.until) == (utc("03-02 17:00"), utc("03-06 08:00"))


def test_each_time_that_somebody_is_there_begins_another_gap():
    found = gaps([WEEK], spans("03-03 00:00 > 03-04 00:00"), WEEK)
    assert [(gap.since, gap.until) for gap in found] == [(None, utc("03-03 00:00")), (utc("03-04 00:00"), None)]


def test_without_anybody_all_of_it_is_one_gap_that_never_ends():
    [gap] = gaps([WEEK], [], WEEK)
    assert (gap.parts, gap.since, gap.until) == ((WEEK,), None, None)


def test_where_all_is_held_there_is_none():
    assert gaps([WEEK], [WEEK], WEEK) == []
    assert gaps([], [], WEEK) == []


def counts(*layers, window: Window = WEEK, is_primary: bool = False) -> list[tuple[str, int]]:
    found = wanted(layers, is_primary=is_primary, zone=BERLIN, window=window)
    return list(zip(shown(found), [each.count for each in found], strict=True))


def test_as_many_are_wanted_as_the_highest_layer_that_covers_the_time_wants_at_once():
    two = replace(LAYER, at_once=2, restrictions=(WeeklyRange(frozenset({1}), time(9), time(18)),))
    one = replace(LAYER, restrictions=(WeeklyRange(frozenset({1}), time(12), time(13)),))
    assert counts(LAYER, two, one) == [
        ("03-02 00:00 > 03-03 08:00", 1), ("03-03 08:00 > 03-03 11:00", 2), ("03-03 11:00 > 03-03 12:00", 1),
        ("03-03 12:00 > 03-03 17:00", 2), ("03-03 17:00 > 03-09 00:00", 1),
    ]  # fmt: skip
    assert counts(two, is_primary=True) == [
        ("03-02 00:00 > 03-03 08:00", 1), ("03-03 08:00 > 03-03 17:00", 2), ("03-03 17:00 > 03-09 00:00", 1),
    ]  # fmt: skip


def test_a_calendar_wants_as_many_as_stand_in_it():
    both = spans("03-03 10:00 > 03-03 12:00", "03-03 10:00 > 03-03 13:00")
    turns = (Stretch(seat, 1 + seat, each.start, each.end, ShiftSource.LAYER) for seat, each in enumerate(both))
    assert counts(CalendarPlan(tuple(turns))) == [("03-03 10:00 > 03-03 12:00", 2), ("03-03 12:00 > 03-03 13:00", 1)]


def some(count: int, *texts: str) -> list[Seats]:
    return [Seats(each.start, each.end, count) for each in spans(*texts)]


def test_where_fewer_are_there_than_are_wanted_it_says_how_many_of_how_many_and_until_when():
    held = [
        *some(2, "03-02 00:00 > 03-03 00:00"), *some(1, "03-03 00:00 > 03-04 00:00"),
        *some(2, "03-05 00:00 > 03-07 00:00"), *some(1, "03-07 00:00 > 03-08 00:00"),
    ]  # fmt: skip
    first, last = shortages(some(2, "03-02 00:00 > 03-08 00:00"), held, WEEK)
    assert (shown(first.parts), first.held, first.wanted) == (["03-03 00:00 > 03-04 00:00"], 1, 2)
    assert (first.since, first.until) == (utc("03-03 00:00"), utc("03-05 00:00"))
    assert (shown(last.parts), last.since, last.until) == (["03-07 00:00 > 03-08 00:00"], utc("03-07 00:00"), None)
    [gap] = gaps(some(2, "03-02 00:00 > 03-08 00:00"), at_least(held, 1), WEEK)
    assert shown(gap.parts) == ["03-04 00:00 > 03-05 00:00"]  # nobody at all is told as a gap, and as nothing else


def test_of_three_who_are_wanted_the_fewest_who_are_there_are_told():
    held = [*some(2, "03-02 00:00 > 03-03 00:00"), *some(1, "03-03 00:00 > 03-04 00:00")]
    [found] = shortages(some(3, "03-02 00:00 > 03-04 00:00"), held, WEEK)
    assert (shown(found.parts), found.held, found.wanted) == (["03-02 00:00 > 03-04 00:00"], 1, 3)


def test_who_holds_two_seats_counts_once():
    both = spans("03-03 00:00 > 03-04 00:00", "03-03 12:00 > 03-05 00:00")
    assert held_by([both, spans("03-04 00:00 > 03-05 00:00")]) == [
        *some(1, "03-03 00:00 > 03-04 00:00"), *some(2, "03-04 00:00 > 03-05 00:00"),
    ]  # fmt: skip


HOURS = st.integers(0, 200).map(lambda hours: utc("03-01 00:00") + timedelta(hours=hours))
SPANS = st.lists(st.tuples(HOURS, HOURS).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Window(*pair)))


@given(first=SPANS, second=SPANS)
def test_differences_are_those_of_sets_of_hours(first, second):
    def hours(spans):
        return {
            each.start + timedelta(hours=number)
            for each in spans
            for number in range((each.end - each.start) // timedelta(hours=1))
        }

    whole, taken = merged(first), merged(second)
    left = list(outside(whole, taken))
    assert hours(whole) == hours(first)
    assert hours(left) == hours(first) - hours(second)
    assert windows.total(left) == timedelta(hours=len(hours(left)))
    missing = gaps(whole, taken, WEEK)
    assert [part for gap in missing for part in gap.parts] == windows.within(left, WEEK)


SHORT_SPANS = st.lists(
    st.builds(lambda start, hours: Window(start, start + timedelta(hours=hours)), HOURS, st.integers(1, 90)), max_size=3
)


@settings(deadline=None)
@given(wanted_then=SHORT_SPANS, turns=st.lists(SHORT_SPANS, max_size=3))
def test_at_every_hour_it_is_enough_a_gap_or_too_few(wanted_then, turns):
    want = [Seats(each.start, each.end, 1 + each.start.hour % 3) for each in merged(wanted_then)]
    held = held_by(turns)
    missing = [*gaps(want, at_least(held, 1), WEEK), *shortages(want, held, WEEK)]
    for hours in range(7 * 24):
        at = WEEK.start + timedelta(hours=hours)
        wants = sum(each.count for each in want if each.start <= at < each.end)
        there = sum(any(each.start <= at < each.end for each in theirs) for theirs in turns)
        told = [gap for gap in missing if any(part.start <= at < part.end for part in gap.parts)]
        assert len(told) == (there < wants)
        for gap in told:
            assert (gap.held == 0) == (there == 0)
            assert gap.held <= there
            assert gap.wanted == (wants if there else 1)
