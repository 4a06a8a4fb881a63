"""Hours on call by their kind, in the person's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.rosters.coverage.hours import Almanac, Hours
from apps.rosters.rules import Window

BERLIN, CAIRO, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Africa/Cairo"), ZoneInfo("Asia/Kolkata")
HOUR = timedelta(hours=1)


def local(text: str, zone: ZoneInfo = BERLIN, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def split(start: str, end: str, zone: ZoneInfo = BERLIN, holidays: tuple[date, ...] = ()) -> Hours:
    stretch = Window(local(start, zone), local(end, zone))
    return Almanac(zone, stretch, holidays).hours([stretch])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("2026-03-03 09:00", "2026-03-03 17:00", {"ordinary": 8}, id="a day's work"),
        pytest.param("2026-03-03 20:00", "2026-03-04 07:00", {"ordinary": 3, "night": 8}, id="over midnight"),
        pytest.param("2026-03-03 22:00", "2026-03-04 06:00", {"night": 8}, id="a night and no more"),
        pytest.param("2026-03-06 20:00", "2026-03-07 09:00", {"ordinary": 2, "night": 2, "weekend": 9}, id="Friday"),
        pytest.param("2026-03-08 20:00", "2026-03-09 09:00", {"weekend": 4, "night": 6, "ordinary": 3}, id="Sunday"),
        pytest.param(
            "2026-03-02 09:00", "2026-03-09 09:00", {"ordinary": 80, "night": 40, "weekend": 48}, id="a whole week"
        ),
    ],
)
def test_each_hour_is_of_one_kind(start, end, expected):
    assert split(start, end) == Hours(**{kind: count * HOUR for kind, count in expected.items()})


def test_a_public_holiday_goes_before_the_weekend_and_the_night():
    easter = (date(2026, 4, 3), date(2026, 4, 6))
    found = split("2026-04-02 20:00", "2026-04-07 07:00", holidays=easter)
    assert found == Hours(ordinary=2 * HOUR + HOUR, night=2 * HOUR + 6 * HOUR, weekend=48 * HOUR, holiday=48 * HOUR)


@pytest.mark.parametrize(
    ("start", "end", "kind", "length"),
    [
        pytest.param("2026-03-28 22:00", "2026-03-29 06:00", "weekend", 7, id="forward on a Sunday, Berlin"),
        pytest.param("2026-10-24 22:00", "2026-10-25 06:00", "weekend", 9, id="back on a Sunday, Berlin"),
    ],
)
def test_what_counts_is_the_time_that_passed_where_the_clocks_change(start, end, kind, length):
    assert split(start, end) == Hours(**{kind: length * HOUR})


def test_a_night_whose_midnight_does_not_exist_is_an_hour_shorter():
    """In Cairo clocks go from Friday 00:00 to 01:00 on 24 April 2026."""
    assert split("2026-04-23 22:00", "2026-04-24 06:00", CAIRO) == Hours(night=7 * HOUR)


def test_a_night_whose_last_hour_of_the_day_comes_twice_is_an_hour_longer():
    """In Cairo clocks go from Friday 00:00 back to Thursday 23:00 on 30 October 2026."""
    assert split("2026-10-29 22:00", "2026-10-30 06:00", CAIRO) == Hours(night=9 * HOUR)


def test_the_same_shift_is_day_for_one_and_night_for_another():
    assert split("2026-03-03 22:00", "2026-03-04 06:00") == Hours(night=8 * HOUR)
    stretch = Window(local("2026-03-03 22:00"), local("2026-03-04 06:00"))
    assert Almanac(KOLKATA, stretch).hours([stretch]) == Hours(night=3.5 * HOUR, ordinary=4.5 * HOUR)


@pytest.mark.parametrize(
    ("start", "end", "nights"),
    [
        ("2026-03-03 09:00", "2026-03-04 09:00", [date(2026, 3, 3)]),
        ("2026-03-03 22:00", "2026-03-04 00:59", []),
        ("2026-03-03 22:00", "2026-03-04 01:00", [date(2026, 3, 3)]),
        ("2026-03-04 03:00", "2026-03-04 09:00", [date(2026, 3, 3)]),
        ("2026-03-02 09:00", "2026-03-09 09:00", [date(2026, 3, day) for day in range(2, 9)]),
    ],
)
def test_a_night_counts_from_three_hours_on(start, end, nights):
    stretch = Window(local(start), local(end))
    assert Almanac(BERLIN, stretch).nights([stretch]) == nights


def test_a_night_in_two_parts_is_one():
    parts = [
        Window(local("2026-03-03 22:00"), local("2026-03-04 00:00")),
        Window(local("2026-03-04 04:00"), local("2026-03-04 08:00")),
    ]
    assert Almanac(BERLIN, Window(parts[0].start, parts[1].end)).nights(parts) == [date(2026, 3, 3)]


@given(
    start=st.integers(0, 700 * 24 * 60).map(
        lambda minute: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    ),
    minutes=st.lists(st.integers(1, 20_000), min_size=1, max_size=4),
    zone=st.sampled_from(["Europe/Berlin", "Africa/Cairo", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"]),
)
def test_the_kinds_add_up_to_the_time_that_passed_however_it_is_cut(start, minutes, zone):
    ends = [start + timedelta(minutes=sum(minutes[: count + 1])) for count in range(len(minutes))]
    cut = [Window(*pair) for pair in zip([start, *ends], ends, strict=False)]
    almanac = Almanac(ZoneInfo(zone), Window(start, ends[-1]), {date(2026, 1, 1), date(2026, 3, 6)})
    whole = almanac.hours([Window(start, ends[-1])])
    assert whole.total == ends[-1] - start
    assert sum((almanac.hours([part]) for part in cut), Hours()) == whole
