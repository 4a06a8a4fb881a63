"""When an organisation works: weekdays, hours and holidays, by the wall clock of a zone. No database (R24)."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from apps.core import walltime
from apps.core.errors import Invalid
from apps.core.zones import zone_named

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: No run of holidays is longer; a calendar without a business day in it is a slip of the pen.
_LONGEST_BREAK = timedelta(days=60)
_LAST_MINUTE = time(23, 59)
#: In which holidays are named, wherever that is known: whatever language the machine speaks.
LANGUAGE = "en_US"


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """The weekdays (0 is Monday) and hours on which work is done in ``zone``, but for ``free`` days."""

    zone: ZoneInfo
    weekdays: frozenset[int]
    start: time
    end: time
    free: Container[date] = ()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> WorkingWeek:
        """Return the calendar that ``data`` describes: ``{time_zone, days, start, end, holidays}``.

        ``days`` are mon to sun, ``start`` and ``end`` wall times such as 09:00, ``holidays`` a place as for
        ``free_days`` or empty. What is left out is every weekday, the whole day and no holidays, in UTC. Raises
        Invalid, naming the field, for what cannot be understood.
        """
        week = cls(
            zone=zone_named(str(data.get("time_zone", "UTC"))),
            weekdays=_weekdays(data.get("days", WEEKDAYS)),
            start=_time(str(data.get("start", "00:00")), field="start"),
            end=_time(str(data.get("end", "23:59")), field="end"),
            free=free_days(str(data.get("holidays", ""))),
        )
        if week.end <= week.start:
            raise Invalid("Working hours end after they begin.", field="end")
        return week

    def is_business_day(self, day: date) -> bool:
        """Whether work is done on ``day``."""
        return day.weekday() in self.weekdays and day not in self.free

    def local_day(self, instant: datetime) -> date:
        """Return the day that it is in the calendar's zone at ``instant``."""
        return instant.astimezone(self.zone).date()

    def opening(self, day: date) -> datetime:
        """Return when working hours begin on ``day`` (a business day or not), in UTC."""
        return walltime.instant(day, self.start, self.zone)

    def closing(self, day: date) -> datetime:
        """Return when working hours end on ``day`` (a business day or not), in UTC; 23:59 means the end of the day."""
        if self.end >= _LAST_MINUTE:
            return walltime.instant(day + timedelta(days=1), time(0), self.zone)
        return walltime.instant(day, self.end, self.zone)

    def next_opening(self, at: datetime) -> datetime:
        """Return the first instant from ``at`` on at which work is done: ``at`` itself within working hours, in UTC.

        Hours are half-open: at the end of work it is outside them. Raises Invalid for a calendar that knows no
        business day for two months.
        """
        today = self.local_day(at)
        if self.is_business_day(today) and at < self.closing(today):
            return max(at, self.opening(today))
        day = self._business_day_after(today)
        return self.opening(day)

    def end_of_next_business_day(self, after: datetime) -> datetime:
        """Return the end of working hours on the first business day after the local day of ``after``, in UTC.

        Raises Invalid for a calendar that knows no business day for two months.
        """
        day = self._business_day_after(self.local_day(after))
        return walltime.instant(day, self.end, self.zone)

    def _business_day_after(self, today: date) -> date:
        day = today + timedelta(days=1)
        while not self.is_business_day(day):
            if day - today > _LONGEST_BREAK:
                raise Invalid("The business calendar has no business days.", field="days")
            day += timedelta(days=1)
        return day


def _weekdays(days: Collection[str]) -> frozenset[int]:
    try:
        return frozenset(WEEKDAYS.index(day) for day in days)
    except ValueError as error:
        raise Invalid(f"Business days are among {', '.join(WEEKDAYS)}.", field="days") from error


def _time(text: str, *, field: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"Expected a time of day such as 09:00, got {text!r}.", field=field) from error


def free_days(place: str) -> Container[date]:
    """Return the public holidays of ``place``: a country (ISO 3166-1) such as DE, or a part of it such as DE-BY.

    Without a place there are none. Raises Invalid, naming ``holidays``, for one that the ``holidays`` package does
    not know.
    """
    if not place:
        return ()
    return _known_holidays(place)


def holiday_names(place: str, *, first: date, last: date) -> dict[date, str]:
    """Return the public holidays of ``place`` from ``first`` to ``last``, both included, with their names.

    Raises Invalid as ``free_days`` does.
    """
    if not place:
        return {}
    known = _names_in(place, range(first.year, last.year + 1))
    return {day: name for day, name in known if first <= day <= last}


@lru_cache(maxsize=512)
def _names_in(place: str, years: range) -> Sequence[tuple[date, str]]:
    """The public holidays of ``years`` in order, which take milliseconds to reckon; whole rosters share a place."""
    return sorted(_known_holidays(place, years=years).items())


def _known_holidays(place: str, *, years: Iterable[int] | None = None) -> holidays.HolidayBase:
    country, _, part = place.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None, years=years, language=LANGUAGE)
    except NotImplementedError as error:
        raise Invalid(
            f"The holidays of {place!r} are not known; name a country such as US, or a part of it such as US-CA.",
            field="holidays",
        ) from error
