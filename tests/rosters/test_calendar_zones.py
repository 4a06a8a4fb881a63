"""The zones that calendars carry: what they say of the years shown is what the IANA database says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from apps.rosters.calendars.zones import timezone

#: Zones of both hemispheres, with odd offsets, odd changes, and none.
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "Pacific/Chatham",
    "Europe/Dublin", "Asia/Beirut", "Africa/Cairo", "America/Havana", "Asia/Tokyo", "UTC", "America/St_Johns",
)  # fmt: skip
IRREGULAR = ("Africa/Casablanca", "Asia/Gaza")


def read_back(key: str, first: int, last: int, wall: list[datetime]) -> list[datetime]:
    """What a program that knows only the VTIMEZONE takes these wall times for, in UTC."""
    own = f"Of-this-file-{key.replace('/', '-')}-{first}-{last}"
    block = timezone(ZoneInfo(key), first, last).decode().replace(f"TZID:{key}", f"TZID:{own}")
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTART;TZID={own}:{at:%Y%m%dT%H%M%S}\r\nEND:VEVENT\r\n"
        for number, at in enumerate(wall)
    )
    calendar = Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{block}{events}END:VCALENDAR\r\n")
    return [event["DTSTART"].dt.astimezone(UTC) for event in calendar.walk("VEVENT")]


def instants_of(key: str, first: int, last: int) -> list[datetime]:
    """Every twelfth hour of the years, and each half-hour around the changes, but for the second of an hour that is
    there twice: the format cannot say it by a wall time."""
    zone = ZoneInfo(key)
    at, end, step = datetime(first, 1, 1, 12, tzinfo=UTC), datetime(last, 12, 31, tzinfo=UTC), timedelta(hours=12)
    found = []
    while at < end:
        changes = at.astimezone(zone).utcoffset() != (at + step).astimezone(zone).utcoffset()
        found += [at + timedelta(minutes=30 * part) for part in (range(24) if changes else range(1))]
        at += step
    return [each for each in found if not each.astimezone(zone).fold]


@pytest.mark.parametrize("key", ZONES)
@pytest.mark.parametrize("first", [2025, 2026])
def test_every_wall_time_of_the_years_means_what_it_means(key, first):
    instants = instants_of(key, first, first + 1)
    walls = [at.astimezone(ZoneInfo(key)).replace(tzinfo=None) for at in instants]
    assert read_back(key, first, first + 1, walls) == instants


@pytest.mark.parametrize("key", IRREGULAR)
def test_a_zone_without_yearly_rules_is_not_written(key):
    assert timezone(ZoneInfo(key), 2026, 2027) is None


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(available_timezones())), st.integers(2022, 2034))
def test_every_zone_of_the_world_is_right_or_left_out(key, year):
    block = timezone(ZoneInfo(key), year, year + 1)
    if block is None:
        return
    lines = block.decode().split("\r\n")
    assert sum(line == "BEGIN:STANDARD" for line in lines) == 1  # Outlook takes no zone without it
    assert sum(line == "BEGIN:DAYLIGHT" for line in lines) <= 1
    assert not any(line.startswith("RDATE") for line in lines)  # which Outlook does not read
    instants = instants_of(key, year, year + 1)[::23]
    walls = [at.astimezone(ZoneInfo(key)).replace(tzinfo=None) for at in instants]
    assert read_back(key, year, year + 1, walls) == instants
