"""What wears people out, and who bears more than the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.rosters.coverage.hours import Almanac
from apps.rosters.coverage.shares import Measure, too_large, too_small
from apps.rosters.coverage.strain import StrainKind, strains
from apps.rosters.rules import Window

BERLIN = ZoneInfo("Europe/Berlin")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ALMANAC = Almanac(BERLIN, Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)))
SINCE = datetime(2026, 3, 1, tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BERLIN).astimezone(UTC)


def spans(*texts: str) -> list[Window]:
    """``03-02 09:00 > 03-02 17:00`` in Berlin."""
    return [Window(*map(local, text.split(" > "))) for text in texts]


def found(*texts: str):
    return {(each.kind, each.times) for each in strains(spans(*texts), ALMANAC, since=SINCE)}


@pytest.mark.parametrize(
    ("stretch", "too_long"),
    [
        pytest.param("03-02 09:00 > 03-09 09:00", False, id="a week"),
        pytest.param("03-02 09:00 > 03-09 09:01", True, id="a minute more"),
        pytest.param("10-19 09:00 > 10-26 09:00", False, id="a week of 169 hours, for the clocks went back"),
        pytest.param("03-23 09:00 > 03-30 09:01", True, id="more than a week, of 167 hours"),
        pytest.param("02-20 09:00 > 03-01 00:00", False, id="over before"),
        pytest.param("02-20 09:00 > 03-01 09:00", True, id="begun before"),
    ],
)
def test_more_than_a_week_without_a_break(stretch, too_long):
    assert ((StrainKind.NO_BREAK, 1) in found(stretch)) is too_long


def test_the_longest_of_several_is_told():
    [strain] = [
        each
        for each in strains(
            spans("03-02 09:00 > 03-10 09:00", "04-06 09:00 > 04-16 09:00"), ALMANAC, since=SINCE
        )
        if each.kind == StrainKind.NO_BREAK
    ]  # fmt: skip
    assert (strain.times, strain.amount, strain.start) == (2, 10 * DAY, local("04-06 09:00"))


@pytest.mark.parametrize(
    ("before", "after", "short"),
    [
        pytest.param("03-02 18:00 > 03-03 09:00", "03-03 19:59 > 03-03 23:00", True, id="a minute short"),
        pytest.param("03-02 18:00 > 03-03 09:00", "03-03 20:00 > 03-03 23:00", False, id="eleven hours"),
        pytest.param("03-02 09:00 > 03-02 18:00", "03-02 20:00 > 03-03 09:00", False, id="after a day"),
        pytest.param("03-02 09:00 > 03-03 18:00", "03-03 20:00 > 03-03 21:00", True, id="a night and the day after it"),
        pytest.param("03-02 20:00 > 03-02 23:00", "03-03 06:00 > 03-03 09:00", False, id="an hour is no night"),
    ],
)
def test_a_shift_too_soon_after_a_night(before, after, short):
    assert ((StrainKind.SHORT_REST, 1) in found(before, after)) is short


def nights(first: date, count: int) -> list[str]:
    days = [first + number * DAY for number in range(count)]
    return [f"{day:%m-%d} 21:00 > {day + DAY:%m-%d} 07:00" for day in days]


def test_eight_nights_in_a_fortnight_are_too_many_and_seven_are_not():
    assert (StrainKind.MANY_NIGHTS, 1) not in found(*nights(date(2026, 3, 2), 7), *nights(date(2026, 3, 16), 7))
    assert (StrainKind.MANY_NIGHTS, 1) in found(*nights(date(2026, 3, 2), 7), *nights(date(2026, 3, 15), 1))


def test_the_worst_fortnight_is_told_and_nights_before_count_too():
    [strain] = strains(spans(*nights(date(2026, 2, 25), 4), *nights(date(2026, 3, 3), 6)), ALMANAC, since=SINCE)
    assert (strain.kind, strain.nights, strain.times) == (StrainKind.MANY_NIGHTS, 10, 1)
    assert (strain.start, strain.end) == (local("02-25 22:00"), local("03-09 06:00"))


def weeks(first: str, *numbers: int) -> list[Window]:
    start = local(f"{first} 09:00")
    return [Window(start + number * 7 * DAY, start + (number + 1) * 7 * DAY) for number in numbers]


def shares(**held: list[Window]):
    return {
        (share.person, share.measure): round(share.times, 2)
        for share in too_large(held, dict.fromkeys(held, ALMANAC))
    }  # fmt: skip


def small_shares(**held: list[Window]):
    return {
        (share.person, share.measure): round(share.times, 2)
        for share in too_small(held, dict.fromkeys(held, ALMANAC))
    }  # fmt: skip


def test_who_has_far_less_than_an_equal_share_is_told():
    found = small_shares(
        anna=weeks("03-02", 0, 1, 3, 4, 6, 7), ben=weeks("03-02", 2, 5, 8, 9, 10), cleo=weeks("03-02", 11)
    )
    assert found == {("cleo", Measure.HOURS): 0.25, ("cleo", Measure.NIGHTS): 0.25, ("cleo", Measure.WEEKENDS): 0.25}


def test_a_turn_less_is_not_unfair():
    long = {
        f"p{number}": [Window(start.start, start.start + 28 * DAY)]
        for number, start in enumerate(weeks("03-02", 0, 4, 8))
    }
    assert small_shares(anna=weeks("03-02", 12), **long) == {}
    assert small_shares(anna=weeks("03-02", 0, 1, 2)) == {}
    assert small_shares() == {}


def test_who_has_far_more_than_an_equal_share_is_told():
    found = shares(anna=weeks("03-02", 0, 1, 3, 4, 6, 7), ben=weeks("03-02", 2, 5), cleo=weeks("03-02", 8))
    assert found == {("anna", Measure.HOURS): 2, ("anna", Measure.NIGHTS): 2, ("anna", Measure.WEEKENDS): 2}


def test_a_turn_more_is_not_unfair():
    people = {f"p{number}": weeks("03-02", number) for number in range(3, 10)}
    assert shares(anna=weeks("03-02", 0, 10), ben=weeks("03-02", 1, 11), cleo=weeks("03-02", 2, 12), **people) == {}


def test_equal_hours_may_hide_all_the_nights():
    anna = spans(*(f"03-{day:02} 21:00 > 03-{day + 1:02} 09:00" for day in range(2, 12)))
    ben = spans(*(f"03-{day:02} 09:00 > 03-{day:02} 21:00" for day in range(2, 12)))
    assert shares(anna=anna, ben=ben) == {("anna", Measure.NIGHTS): 2}


def test_one_long_stand_in_is_not_fair_because_it_is_one_turn():
    [long] = spans("03-02 09:00 > 05-04 09:00")
    assert ("anna", Measure.HOURS) in shares(anna=[long], ben=weeks("05-04", 0))


def test_alone_nobody_has_more_than_others():
    assert shares(anna=weeks("03-02", 0, 1, 2)) == {}
    assert shares() == {}
