from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.rosters.models import Rotation, ShiftSource
from apps.rosters.rules import LayerPlan, Stretch, Window, compute

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata",
    "Pacific/Apia", "Africa/Casablanca", "Pacific/Chatham",
)  # fmt: skip
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


plans = st.builds(
    LayerPlan,
    people=st.lists(st.integers(1, 5), min_size=1, max_size=5, unique=True).map(tuple),
    rotation=st.sampled_from(Rotation),
    length=st.integers(1, 15),
    handoff_time=st.times(),
    starts_on=st.dates(date(2010, 1, 1), date(2026, 1, 1)),
)
weekly_plans = st.builds(
    LayerPlan,
    people=st.lists(st.integers(1, 5), min_size=1, max_size=5, unique=True).map(tuple),
    rotation=st.just(Rotation.WEEKS),
    length=st.integers(1, 4),
    handoff_time=st.times(),
    handoff_weekday=st.integers(0, 6),
    starts_on=st.dates(date(2010, 1, 1), date(2026, 1, 1)),
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
starts = st.integers(0, 16 * 365 * 24 * 60).map(lambda minutes: utc("2010-06-01T00:00") + timedelta(minutes=minutes))


@st.composite
def exceptions(draw, start: datetime) -> list[Stretch]:
    found = []
    for _ in range(draw(st.integers(0, 4))):
        begins = start + timedelta(minutes=draw(st.integers(-2000, 60_000)))
        ends = begins + timedelta(minutes=draw(st.integers(1, 20_000)))
        found.append(Stretch(0, draw(st.integers(6, 9)), begins, ends, ShiftSource.OVERRIDE))
    return found


@given(st.data(), st.lists(plans | weekly_plans, min_size=1, max_size=3), zones, starts)
def test_nobody_overlaps_and_the_first_layer_leaves_no_gap(data, layers, zone, start):
    window = Window(start, start + timedelta(days=40))
    overrides = data.draw(exceptions(start))
    stretches = compute(layers, overrides, zone=zone, window=window)
    assert all(one.end <= other.start for one, other in pairwise(stretches))
    assert all(each.start < each.end for each in stretches)
    if all(plan.starts_on < start.date() - timedelta(days=2) for plan in layers):
        assert (stretches[0].start, stretches[-1].end) == (window.start, window.end)
        assert all(one.end == other.start for one, other in pairwise(stretches))


@given(plans | weekly_plans, zones, st.integers(2011, 2025))
def test_a_handoff_shows_the_same_wall_time_on_every_day_that_has_it(plan, zone, year):
    if plan.rotation == Rotation.HOURS:
        return
    start = datetime(year, 1, 1, tzinfo=UTC)
    for one, other in pairwise(compute([plan], [], zone=zone, window=Window(start, start + YEAR))):
        handoff = other.start.astimezone(zone)
        wanted = datetime.combine(handoff.date(), plan.handoff_time)
        assert one.end == other.start
        assert handoff.replace(tzinfo=None) == wanted or _changed_just_now(other.start, zone)


def _changed_just_now(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks were put forward at this very instant."""
    before, at = ((instant + shift).astimezone(zone).utcoffset() for shift in (-timedelta(seconds=1), timedelta(0)))
    return before < at


@given(st.data(), st.lists(plans | weekly_plans, min_size=1, max_size=3), zones, starts)
def test_day_by_day_is_the_whole(data, layers, zone, start):
    overrides = data.draw(exceptions(start))
    days = [Window(start + timedelta(days=day), start + timedelta(days=day + 1)) for day in range(30)]
    by_day = [each for day in days for each in compute(layers, overrides, zone=zone, window=day)]
    whole = compute(layers, overrides, zone=zone, window=Window(start, start + timedelta(days=30)))
    assert _by_quarter_hour(by_day, start) == _by_quarter_hour(whole, start)
    assert sum((each.end - each.start for each in by_day), timedelta()) == sum(
        (each.end - each.start for each in whole), timedelta()
    )


def _by_quarter_hour(stretches: list[Stretch], start: datetime) -> dict[datetime, int]:
    held = {}
    for each in stretches:
        quarter = -((start - each.start) // timedelta(minutes=15))
        moment = start + quarter * timedelta(minutes=15)
        while moment < each.end:
            held[moment] = each.person
            moment += timedelta(minutes=15)
    return held
