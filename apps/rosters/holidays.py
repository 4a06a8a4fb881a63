"""Which public holidays of a person lie in their shift."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from apps.core.business_calendar import holiday_names
from apps.core.zones import zone_or_utc
from apps.teams.models import User


def public_holidays(person: User, start: datetime, end: datetime) -> dict[date, str]:
    """The public holidays of the person's country, with their names, on whose local days some of [start, end) lies."""
    if not person.holidays_of:
        return {}
    zone = zone_or_utc(person.time_zone)
    first, last = start.astimezone(zone).date(), (end - timedelta(microseconds=1)).astimezone(zone).date()
    years = [_of_year(person.holidays_of, year) for year in range(first.year, last.year + 1)]
    return {day: name for of_year in years for day, name in of_year.items() if first <= day <= last}


@lru_cache(maxsize=1000)
def _of_year(place: str, year: int) -> dict[date, str]:
    return holiday_names(place, first=date(year, 1, 1), last=date(year, 12, 31))
