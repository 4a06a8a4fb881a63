from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.rosters.models import Rotation, ShiftSource
from apps.rosters.rules import LayerPlan, Stretch, WeeklyRange, Window, compute, turn_at

BERLIN = ZoneInfo("Europe/Berlin")
ANNA, BEN, CLEO, DAN = 1, 2, 3, 4
#: Time enough for a roster to see every change of a year's clocks.
YEAR = timedelta(days=400)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def layer(*people: int, **fields) -> LayerPlan:
    defaults = {
        "rotation": Rotation.DAYS,
        "length": 1,
        "handoff_time": time(9),
        "starts_on": date(2025, 1, 6),
    }
    return LayerPlan(people=people, **{**defaults, **fields})


def override(person: int, start: str, end: str, seat: int = 0) -> Stretch:
    return Stretch(seat, person, utc(start), utc(end), ShiftSource.OVERRIDE)


def shown(stretches) -> list[tuple[int, str, str]]:
    return [(each.person, f"{each.start:%m-%d %H:%M}", f"{each.end:%m-%d %H:%M}") for each in stretches]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(
            layer(ANNA, BEN),
            [
                (ANNA, "01-06 08:00", "01-07 08:00"),
                (BEN, "01-07 08:00", "01-08 08:00"),
                (ANNA, "01-08 08:00", "01-09 00:00"),
            ],
            id="days",
        ),
        pytest.param(
            layer(ANNA, BEN, rotation=Rotation.HOURS, length=36),
            [(ANNA, "01-06 08:00", "01-07 20:00"), (BEN, "01-07 20:00", "01-09 00:00")],
            id="hours",
        ),
        pytest.param(
            layer(ANNA, BEN, rotation=Rotation.WEEKS, handoff_weekday=2),
            [(ANNA, "01-06 08:00", "01-08 08:00"), (BEN, "01-08 08:00", "01-09 00:00")],
            id="weeks that are handed over on a Wednesday begin with a shorter turn",
        ),
        pytest.param(
            layer(ANNA, rotation=Rotation.WEEKS), [(ANNA, "01-06 08:00", "01-09 00:00")], id="weeks from the first day"
        ),
        pytest.param(
            layer(ANNA, BEN, ends_on=date(2025, 1, 7)), [(ANNA, "01-06 08:00", "01-07 08:00")], id="a layer that ends"
        ),
        pytest.param(
            layer(ANNA, BEN, rotation=Rotation.MONTHS, starts_on=date(2024, 8, 8)),
            [(ANNA, "01-06 00:00", "01-08 08:00"), (BEN, "01-08 08:00", "01-09 00:00")],
            id="months, on the day of the month",
        ),
        pytest.param(
            layer(ANNA, BEN, zone=ZoneInfo("Asia/Tokyo")),
            [
                (ANNA, "01-06 00:00", "01-07 00:00"),
                (BEN, "01-07 00:00", "01-08 00:00"),
                (ANNA, "01-08 00:00", "01-09 00:00"),
            ],
            id="a layer that lives in another zone",
        ),
        pytest.param(
            layer(ANNA, BEN, restrictions=(WeeklyRange(frozenset({0, 2}), time(18), time(8), 1),)),
            [(ANNA, "01-06 17:00", "01-07 07:00"), (ANNA, "01-08 17:00", "01-09 00:00")],
            id="the nights from Monday and from Wednesday; the turns go on meanwhile",
        ),
        pytest.param(
            layer(
                ANNA,
                BEN,
                starts_on=date(2025, 1, 3),
                restrictions=(WeeklyRange(frozenset({4}), time(18), time(12), 3),),
            ),
            [(ANNA, "01-06 00:00", "01-06 08:00"), (BEN, "01-06 08:00", "01-06 11:00")],
            id="what is left on Monday of a range from Friday evening, over a handoff",
        ),
        pytest.param(
            layer(
                ANNA,
                BEN,
                restrictions=(
                    WeeklyRange(frozenset({0}), time(9), time(13)),
                    WeeklyRange(frozenset({0}), time(12), time(18)),
                ),
            ),
            [(ANNA, "01-06 08:00", "01-06 17:00")],
            id="ranges that overlap are one",
        ),
        pytest.param(layer(ANNA, starts_on=date(2025, 1, 9)), [], id="a layer that has not begun"),
        pytest.param(layer(ANNA, starts_on=date(2024, 1, 1), ends_on=date(2024, 2, 1)), [], id="a layer that is over"),
        pytest.param(layer(), [], id="a layer without people"),
    ],
)
def test_people_of_a_layer_take_turns(plan, expected):
    window = Window(utc("2025-01-06T00:00"), utc("2025-01-09T00:00"))
    assert shown(compute([plan], [], zone=BERLIN, window=window)) == expected


def test_the_higher_layer_wins_and_an_override_comes_last():
    window = Window(utc("2025-01-06T08:00"), utc("2025-01-08T08:00"))
    nights = layer(BEN, starts_on=date(2025, 1, 6), handoff_time=time(21), ends_on=date(2025, 1, 7))
    stretches = compute(
        [layer(ANNA), nights],
        [override(CLEO, "2025-01-06T19:00", "2025-01-06T22:00"), override(DAN, "2025-01-06T21:00", "2025-01-06T23:00")],
        zone=BERLIN,
        window=window,
    )
    assert shown(stretches) == [
        (ANNA, "01-06 08:00", "01-06 19:00"),
        (CLEO, "01-06 19:00", "01-06 21:00"),
        (DAN, "01-06 21:00", "01-06 23:00"),
        (BEN, "01-06 23:00", "01-07 20:00"),
        (ANNA, "01-07 20:00", "01-08 08:00"),
    ]


def test_an_override_of_another_seat_leaves_the_layers_alone():
    window = Window(utc("2025-01-06T08:00"), utc("2025-01-07T08:00"))
    stretches = compute(
        [layer(ANNA)], [override(BEN, "2025-01-06T10:00", "2025-01-06T12:00", seat=1)], zone=BERLIN, window=window
    )
    assert [(each.seat, each.person) for each in stretches] == [(0, ANNA), (1, BEN)]


def test_an_override_covers_where_no_layer_does():
    window = Window(utc("2025-01-06T00:00"), utc("2025-01-07T00:00"))
    stretches = compute([], [override(BEN, "2025-01-06T10:00", "2025-01-06T12:00")], zone=BERLIN, window=window)
    assert shown(stretches) == [(BEN, "01-06 10:00", "01-06 12:00")]


def test_several_at_once_take_the_next_so_many_in_the_order():
    window = Window(utc("2025-01-06T08:00"), utc("2025-01-09T08:00"))
    two = compute([layer(ANNA, BEN, CLEO, at_once=2)], [], zone=BERLIN, window=window)
    assert [(each.seat, each.person) for each in two] == [
        (0, ANNA), (0, CLEO), (0, BEN), (1, BEN), (1, ANNA), (1, CLEO),
    ]  # fmt: skip
    alone = compute([layer(ANNA, at_once=2)], [], zone=BERLIN, window=window)
    assert {each.seat for each in alone} == {0}


def test_a_turn_of_a_month_from_the_31st_begins_on_the_last_day_of_shorter_months():
    window = Window(utc("2024-01-31T08:00"), utc("2024-06-01T08:00"))
    plan = layer(ANNA, BEN, rotation=Rotation.MONTHS, starts_on=date(2024, 1, 31))
    starts = [each.start.astimezone(BERLIN) for each in compute([plan], [], zone=BERLIN, window=window)]
    assert [f"{start:%m-%d %H:%M}" for start in starts] == [
        "01-31 09:00", "02-29 09:00", "03-31 09:00", "04-30 09:00", "05-31 09:00",
    ]  # fmt: skip


def test_the_sun_is_followed_by_layers_in_three_zones_without_a_gap_or_a_doubled_hour():
    weekday = frozenset(range(7))
    regions = [
        layer(ANNA, zone=ZoneInfo("Asia/Singapore"), restrictions=(WeeklyRange(weekday, time(8), time(16)),)),
        layer(BEN, zone=ZoneInfo("Europe/Berlin"), restrictions=(WeeklyRange(weekday, time(8), time(17)),)),
        layer(CLEO, zone=ZoneInfo("America/Los_Angeles"), restrictions=(WeeklyRange(weekday, time(7), time(17)),)),
    ]
    window = Window(utc("2025-03-01T00:00"), utc("2025-04-15T00:00"))  # over both changes of the clocks
    stretches = compute(regions, [], zone=BERLIN, window=window)
    assert all(one.end == other.start for one, other in pairwise(stretches))
    assert (stretches[0].start, stretches[-1].end) == (window.start, window.end)


def test_turns_in_hours_count_elapsed_hours_over_a_change_of_the_clocks():
    window = Window(utc("2025-03-29T00:00"), utc("2025-04-01T00:00"))
    plan = layer(ANNA, BEN, rotation=Rotation.HOURS, length=24, starts_on=date(2025, 3, 29))
    stretches = compute([plan], [], zone=BERLIN, window=window)
    assert [f"{each.start.astimezone(BERLIN):%d %H:%M}" for each in stretches] == ["29 09:00", "30 10:00", "31 10:00"]


def test_a_day_that_a_zone_leaves_out_has_no_turn():
    zone = ZoneInfo("Pacific/Apia")
    window = Window(utc("2011-12-28T10:00"), utc("2012-01-02T10:00"))
    plan = layer(ANNA, BEN, CLEO, starts_on=date(2011, 12, 28), handoff_time=time(0))
    stretches = compute([plan], [], zone=zone, window=window)
    assert [(each.person, each.start.astimezone(zone).day) for each in stretches] == [
        (ANNA, 28), (BEN, 29), (ANNA, 31), (BEN, 1), (CLEO, 2),
    ]  # fmt: skip


def test_the_next_in_order_takes_over_from_whoever_is_away_for_just_that_time():
    window = Window(utc("2025-01-06T08:00"), utc("2025-01-09T08:00"))
    away = {ANNA: [Window(utc("2025-01-06T12:00"), utc("2025-01-07T20:00"))]}
    assert shown(compute([layer(ANNA, BEN, CLEO)], [], zone=BERLIN, window=window, away=away)) == [
        (ANNA, "01-06 08:00", "01-06 12:00"),
        (BEN, "01-06 12:00", "01-07 08:00"),
        (BEN, "01-07 08:00", "01-08 08:00"),
        (CLEO, "01-08 08:00", "01-09 08:00"),
    ]


def test_where_everybody_is_away_nobody_holds_the_seat():
    window = Window(utc("2025-01-06T08:00"), utc("2025-01-07T08:00"))
    noon = Window(utc("2025-01-06T11:00"), utc("2025-01-06T13:00"))
    stretches = compute([layer(ANNA, BEN)], [], zone=BERLIN, window=window, away={ANNA: [noon], BEN: [noon]})
    assert shown(stretches) == [(ANNA, "01-06 08:00", "01-06 11:00"), (ANNA, "01-06 13:00", "01-07 08:00")]


def test_whoever_is_there_keeps_their_seat_when_another_of_the_turn_is_away():
    window = Window(utc("2025-01-06T08:00"), utc("2025-01-07T08:00"))
    away = {ANNA: [Window(utc("2025-01-06T10:00"), utc("2025-01-06T12:00"))]}
    stretches = compute([layer(ANNA, BEN, CLEO, at_once=2)], [], zone=BERLIN, window=window, away=away)
    assert [(each.seat, each.person, f"{each.start:%H:%M}", f"{each.end:%H:%M}") for each in stretches] == [
        (0, ANNA, "08:00", "10:00"),
        (0, CLEO, "10:00", "12:00"),
        (0, ANNA, "12:00", "08:00"),
        (1, BEN, "08:00", "08:00"),
    ]


def test_whoever_overrides_is_not_asked_whether_they_are_away():
    window = Window(utc("2025-01-06T08:00"), utc("2025-01-06T12:00"))
    stretches = compute(
        [], [override(BEN, "2025-01-06T09:00", "2025-01-06T10:00")], zone=BERLIN, window=window, away={BEN: [window]}
    )
    assert shown(stretches) == [(BEN, "01-06 09:00", "01-06 10:00")]


def test_a_public_holiday_is_covered_as_a_sunday_is():
    """Epiphany, a Monday: the office hours and the night from Sunday do not count, the weekend does."""
    window = Window(utc("2025-01-04T23:00"), utc("2025-01-07T23:00"))
    epiphany = {"holidays": frozenset({date(2025, 1, 6)}), "starts_on": date(2024, 12, 1)}
    workdays, weekend = frozenset(range(5)), WeeklyRange(frozenset({5, 6}), time(0), time(0), 1)
    layers = [
        layer(ANNA, restrictions=(WeeklyRange(workdays, time(9), time(18)),), **epiphany),
        layer(BEN, restrictions=(WeeklyRange(workdays, time(18), time(9), 1),), **epiphany),
        layer(CLEO, rotation=Rotation.WEEKS, restrictions=(weekend,), **epiphany),
    ]
    assert shown(compute(layers, [], zone=BERLIN, window=window)) == [
        (CLEO, "01-04 23:00", "01-05 08:00"),
        (CLEO, "01-05 08:00", "01-06 23:00"),
        (BEN, "01-06 23:00", "01-07 08:00"),
        (ANNA, "01-07 08:00", "01-07 17:00"),
        (BEN, "01-07 17:00", "01-07 23:00"),
    ]


@pytest.mark.parametrize(
    ("plan", "at", "number"),
    [
        (layer(ANNA, BEN), "2025-01-06T08:00", 0),
        (layer(ANNA, BEN), "2025-01-07T07:59", 0),
        (layer(ANNA, BEN), "2025-01-07T08:00", 1),
        (layer(ANNA, BEN), "2024-01-07T08:00", 0),
        (layer(ANNA, BEN, rotation=Rotation.WEEKS, handoff_weekday=2), "2025-01-08T08:00", 1),
        (layer(ANNA, BEN, rotation=Rotation.MONTHS, length=2), "2025-07-06T07:00", 3),
        (layer(ANNA, BEN, rotation=Rotation.HOURS, length=5), "2025-01-06T18:00", 2),
    ],
)
def test_which_turn_lasts(plan, at, number):
    assert turn_at(plan, utc(at), zone=BERLIN)[0] == number


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
