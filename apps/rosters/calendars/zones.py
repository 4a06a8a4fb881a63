"""Time zones as calendars understand them: a VTIMEZONE of yearly rules, exact for the years that are shown.

Outlook takes a zone from one yearly rule for each of its two changes and ignores changes that are listed one by one.
So a zone is written only where such rules hold for all the years shown; the times of any other are written in UTC,
which every calendar understands.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from apps.core.walltime import change_between

_A_DAY, _A_MINUTE = timedelta(days=1), timedelta(minutes=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: So many blocks are kept: a zone that was read anew has another.
_KEPT = 1_000
#: The last such weekday of a month, as a rule says it.
_LAST = -1
#: A zone whose clocks never change has held since then, as far as a calendar is concerned.
_EVER = datetime(1970, 1, 1)  # noqa: DTZ001  (local time)


@dataclass(frozen=True, slots=True)
class Change:
    """The clocks of a zone are changed: at ``wall``, by the clock before it, from one offset to another."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str

    @property
    def weeks(self) -> frozenset[int]:
        """Which such weekday of its month it may be: the second, for example, and perhaps the last as well."""
        number = (self.wall.day - 1) // 7 + 1
        is_last = self.wall.day + 7 > monthrange(self.wall.year, self.wall.month)[1]
        return frozenset({number, _LAST} if is_last else {number})

    def keeps_the_rule_of(self, other: Change) -> bool:
        """Whether both fall on the same weekday, of the same month and at the same time, whichever of the month."""
        mine, theirs = self.wall, other.wall
        same_time = (mine.month, mine.weekday(), mine.time()) == (theirs.month, theirs.weekday(), theirs.time())
        return same_time and (self.before, self.after) == (other.before, other.after)


@lru_cache(maxsize=_KEPT)
def timezone(zone: ZoneInfo, first_year: int, last_year: int) -> bytes | None:
    """The VTIMEZONE of ``zone`` for those years, both included, as lines; None if no such rules hold."""
    key = zone.key
    by_year = [list(_changes(zone, year)) for year in range(first_year, last_year + 1)]
    component = Timezone()
    component.add("TZID", key)
    if not any(by_year):
        at = _EVER.replace(year=first_year, tzinfo=zone)
        offset = at.utcoffset() or timedelta(0)
        if offset % _A_MINUTE:
            return None
        component.add_component(_observance(Change(_EVER, offset, offset, at.tzname() or key)))
        return bytes(component.to_ical())
    if any(len(changes) != 2 for changes in by_year):
        return None
    for changes in zip(*by_year, strict=True):
        week = _week_of(changes)
        if week is None:
            return None
        component.add_component(_observance(changes[0], week=week))
    first, second = by_year[0]
    if first.before != second.after or {first.before % _A_MINUTE, first.after % _A_MINUTE} != {timedelta(0)}:
        return None
    return bytes(component.to_ical())


def _changes(zone: ZoneInfo, year: int) -> Iterator[Change]:
    """Yield the changes of a year, found to the second; what is changed twice within a day is not looked for."""
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        following = min(at + _A_DAY, end)
        if _offset(zone, at) != _offset(zone, following):
            yield _change_between(zone, at, following)
        at = following


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> Change:
    old, new = _offset(zone, before), _offset(zone, after)
    at = change_between(before, after, zone)
    return Change(at.replace(tzinfo=None) + old, old, new, at.astimezone(zone).tzname() or zone.key)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _week_of(changes: tuple[Change, ...]) -> int | None:
    """The rule by which all of ``changes``, one a year, fall on their days; None if there is none."""
    if not all(change.keeps_the_rule_of(changes[0]) for change in changes):
        return None
    weeks = frozenset.intersection(*(change.weeks for change in changes)) - {5}
    return min(weeks, default=None)


def _observance(change: Change, *, week: int | None = None) -> TimezoneStandard | TimezoneDaylight:
    """The time after ``change``, which comes every year in that ``week`` of its month; without one: always."""
    component = TimezoneDaylight() if change.after > change.before else TimezoneStandard()
    start = change.wall
    if week is not None:
        start = datetime.combine(_day(start.year - 1, start.month, start.weekday(), week), start.time())
        by_day = f"{week}{_WEEKDAYS[start.weekday()]}"
        component.add("RRULE", {"FREQ": "YEARLY", "BYMONTH": start.month, "BYDAY": by_day})
    component.add("DTSTART", start)
    component.add("TZOFFSETFROM", change.before)
    component.add("TZOFFSETTO", change.after)
    component.add("TZNAME", change.name)
    return component


def _day(year: int, month: int, weekday: int, week: int) -> date:
    """The day of that month that is its first, second, or last (-1), ``weekday``."""
    if week == _LAST:
        last = date(year, month, monthrange(year, month)[1])
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (week - 1))
