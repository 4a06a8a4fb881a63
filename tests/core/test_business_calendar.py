"""The end of the next business day (R24)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from apps.core.business_calendar import WorkingWeek
from apps.core.errors import Invalid

OFFICE = {
    "time_zone": "America/New_York",
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "start": "09:00",
    "end": "17:00",
    "holidays": "US",
}


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-02-02T15:00", "2026-02-03T22:00"),  # Monday: Tuesday, 17:00 EST
        ("2026-02-03T04:59", "2026-02-03T22:00"),  # still Monday in New York
        ("2026-02-03T05:00", "2026-02-04T22:00"),  # Tuesday there since this minute
        ("2026-02-06T15:00", "2026-02-09T22:00"),  # Friday: Monday
        ("2026-02-07T15:00", "2026-02-09T22:00"),  # Saturday: Monday
        ("2026-02-13T15:00", "2026-02-17T22:00"),  # the Monday between is Washington's Birthday
        ("2026-03-06T15:00", "2026-03-09T21:00"),  # clocks go forward on the Sunday between: 17:00 EDT
        ("2026-10-30T15:00", "2026-11-02T22:00"),  # and back again: 17:00 EST
        ("2026-12-24T15:00", "2026-12-28T22:00"),  # Christmas is a Friday
        ("2026-12-31T15:00", "2027-01-04T22:00"),  # New Year's Day of a year that was not asked for before
    ],
)
def test_it_is_the_end_of_work_on_the_first_business_day_after_today(after, due):
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert WorkingWeek.read(OFFICE).end_of_next_business_day(start) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_another_zone_keeps_days_hours_and_holidays():
    berlin = WorkingWeek.read(OFFICE | {"time_zone": "Europe/Berlin"})
    friday = datetime(2026, 7, 2, 23, 0, tzinfo=UTC)  # Friday 3 July there, and a holiday in the US
    assert berlin.end_of_next_business_day(friday) == datetime(2026, 7, 6, 15, 0, tzinfo=UTC)
    assert berlin.opening(date(2026, 7, 6)) == datetime(2026, 7, 6, 7, 0, tzinfo=UTC)


def test_what_is_left_out_means_every_day_in_utc():
    sunday = datetime(2026, 2, 7, 12, 0, tzinfo=UTC)
    assert WorkingWeek.read({}).end_of_next_business_day(sunday) == datetime(2026, 2, 8, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("days", ["monday"]),
        ("start", "nine"),
        ("end", "25:00"),
        ("holidays", "Atlantis"),
    ],
)
def test_what_cannot_be_understood_is_named(field, value):
    with pytest.raises(Invalid) as refused:
        WorkingWeek.read({**OFFICE, field: value})
    assert refused.value.field == field


def test_a_calendar_without_business_days_is_refused_rather_than_searched_for_ever():
    with pytest.raises(Invalid):
        WorkingWeek.read({**OFFICE, "days": []}).end_of_next_business_day(datetime(2026, 2, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-02-02T15:00", "2026-02-02T15:00"),  # Monday, 10:00 EST: open already
        ("2026-02-02T13:59", "2026-02-02T14:00"),  # a minute before work begins
        ("2026-02-02T14:00", "2026-02-02T14:00"),  # work begins
        ("2026-02-02T21:59", "2026-02-02T21:59"),  # the last minute
        ("2026-02-02T22:00", "2026-02-03T14:00"),  # the end of work is outside it
        ("2026-02-06T23:00", "2026-02-09T14:00"),  # Friday evening: Monday
        ("2026-02-13T23:00", "2026-02-17T14:00"),  # the Monday between is Washington's Birthday
        ("2026-02-16T15:00", "2026-02-17T14:00"),  # in the midst of a holiday
        ("2026-03-06T23:00", "2026-03-09T13:00"),  # clocks go forward on the Sunday between: 9:00 EDT
        ("2026-10-30T23:00", "2026-11-02T14:00"),  # and back again: 9:00 EST
        ("2026-12-31T23:00", "2027-01-04T14:00"),
    ],
)
def test_work_begins_at_the_first_instant_from_then_on_within_working_hours(at, opens):
    start, opening = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, opens))
    assert WorkingWeek.read(OFFICE).next_opening(start) == opening


def test_who_works_round_the_clock_is_never_outside_working_hours():
    late = datetime(2026, 2, 7, 23, 59, 30, tzinfo=UTC)
    assert WorkingWeek.read({}).next_opening(late) == late


def test_work_that_begins_in_the_hour_that_is_left_out_begins_when_the_clocks_are_put_forward():
    week = WorkingWeek.read({"time_zone": "Europe/Berlin", "start": "02:30", "end": "10:00"})
    assert week.next_opening(datetime(2026, 3, 29, 0, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_calendar_without_a_business_day_never_opens_and_says_so():
    with pytest.raises(Invalid, match="no business days"):
        WorkingWeek.read({"days": []}).next_opening(datetime(2026, 2, 2, tzinfo=UTC))
