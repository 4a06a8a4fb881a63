from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.walltime import instant


@pytest.mark.parametrize(
    ("zone", "day", "wall", "expected"),
    [
        ("UTC", date(2025, 1, 1), time(9), "2025-01-01T09:00"),
        ("Europe/Berlin", date(2025, 3, 29), time(9), "2025-03-29T08:00"),
        ("Europe/Berlin", date(2025, 3, 30), time(9), "2025-03-30T07:00"),
        ("Europe/Berlin", date(2025, 10, 26), time(9), "2025-10-26T08:00"),
        # does not exist: the first instant after it, wherever in the gap it lies
        ("Europe/Berlin", date(2025, 3, 30), time(2), "2025-03-30T01:00"),
        ("Europe/Berlin", date(2025, 3, 30), time(2, 30), "2025-03-30T01:00"),
        ("Europe/Berlin", date(2025, 3, 30), time(2, 59, 59, 999999), "2025-03-30T01:00"),
        ("Europe/Berlin", date(2025, 3, 30), time(3), "2025-03-30T01:00"),
        # comes twice: its first
        ("Europe/Berlin", date(2025, 10, 26), time(2, 30), "2025-10-26T00:30"),
        ("America/New_York", date(2025, 11, 2), time(1, 30), "2025-11-02T05:30"),
        # half an hour
        ("Australia/Lord_Howe", date(2025, 10, 5), time(2, 15), "2025-10-04T15:30"),
        ("Australia/Lord_Howe", date(2025, 4, 6), time(1, 45), "2025-04-05T14:45"),
        # midnight does not exist
        ("America/Santiago", date(2025, 9, 7), time(0), "2025-09-07T04:00"),
        # a whole day does not exist
        ("Pacific/Apia", date(2011, 12, 30), time(9), "2011-12-30T10:00"),
        # decades ahead
        ("Europe/Berlin", date(2060, 7, 1), time(9), "2060-07-01T07:00"),
    ],
)
def test_a_wall_time_is_one_instant(zone, day, wall, expected):
    assert instant(day, wall, ZoneInfo(zone)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    day=st.dates(date(1975, 1, 1), date(2060, 12, 31)),
    wall=st.times(),
)
def test_clocks_show_the_wall_time_unless_they_skip_it(zone, day, wall):
    found = instant(day, wall, ZoneInfo(zone))
    shown = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    wanted = datetime.combine(day, wall)
    assert shown == wanted or (shown > wanted and _is_skipped(wanted, ZoneInfo(zone)))


def _is_skipped(wanted: datetime, zone: ZoneInfo) -> bool:
    """Whether neither reading of a wall time leads back to it."""
    readings = [wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone) for fold in (0, 1)]
    return all(reading.replace(tzinfo=None) != wanted for reading in readings)
