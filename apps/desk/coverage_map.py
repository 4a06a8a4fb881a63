"""The map of coverage: a row a roster, a cell a day. No database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, time, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from apps.core.spans import in_words
from apps.core.walltime import instant
from apps.rosters.coverage import Gap, Report, RosterCoverage
from apps.rosters.coverage.windows import total, within
from apps.rosters.rules import Window

_A_DAY = timedelta(days=1)


class DayState(StrEnum):
    COVERED = "covered"
    SHORT = "short"
    PARTLY = "partly"
    NOBODY = "nobody"
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class Day:
    """How one day of a roster is covered. ``gap`` is the number of the gap in which somebody is missing, from 1.

    On a day that is SHORT it is that of the time with too few people.
    """

    date: date
    state: DayState
    missing: timedelta
    gap: int | None

    @property
    def text(self) -> str:
        """What there is to say of the day: ``covered``, ``nobody for 5 h``."""
        match self.state:
            case DayState.COVERED:
                return "covered"
            case DayState.SHORT:
                return f"fewer people than wanted for {in_words(self.missing)}"
            case DayState.PARTLY:
                return f"nobody for {in_words(self.missing)}"
            case DayState.NOBODY:
                return f"nobody, {in_words(self.missing)}"
            case DayState.UNWANTED:
                return "nobody needed"


@dataclass(frozen=True, slots=True)
class Row:
    """The days of one roster."""

    found: RosterCoverage
    days: list[Day]


@dataclass(frozen=True, slots=True)
class Week:
    """Days of the map that lie in one week: the first of them, and how many."""

    first: date
    days: int


@dataclass(frozen=True, slots=True)
class Map:
    """The rosters of a report over the days of a zone."""

    weeks: list[Week]
    rows: list[Row]


def drawn(report: Report, zone: ZoneInfo) -> Map:
    """The map of ``report`` by the days of ``zone``; of the first and the last, what lies within the report."""
    days = list(_days(report.window, zone))
    weeks = [list(group) for _, group in groupby(days, key=lambda day: day[0].isocalendar()[:2])]
    return Map(
        weeks=[Week(week[0][0], len(week)) for week in weeks],
        rows=[Row(each, [_day(each, *day) for day in days]) for each in report.rosters],
    )


def as_zone(zone: tzinfo) -> ZoneInfo:
    """The zone by which the viewer's pages show times; UTC for what is none of the IANA's."""
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


def _days(window: Window, zone: ZoneInfo) -> Iterator[tuple[date, Window]]:
    day, starts = window.start.astimezone(zone).date(), window.start
    while starts < window.end:
        ends = min(instant(day + _A_DAY, time(0), zone), window.end)
        if starts < ends:
            yield day, Window(starts.astimezone(UTC), ends)
        day, starts = day + _A_DAY, max(starts, ends)


def _day(found: RosterCoverage, day: date, window: Window) -> Day:
    wanted = total(within(found.wanted, window))
    missing, gap = _missing(found.gaps, window)
    if wanted and not missing:
        too_few, short = _missing(found.shortages, window)
        return Day(day, DayState.SHORT if too_few else DayState.COVERED, too_few, short)
    return Day(day, _state(wanted, missing), missing, gap)


def _missing(gaps: Sequence[Gap], window: Window) -> tuple[timedelta, int | None]:
    """How long somebody is missing within ``window``, and the number of the first of ``gaps`` in which they are."""
    missing, first = timedelta(), None
    for number, gap in enumerate(gaps, start=1):
        if gap.start < window.end and window.start < gap.end and (lost := total(within(gap.parts, window))):
            missing += lost
            first = first or number
    return missing, first


def _state(wanted: timedelta, missing: timedelta) -> DayState:
    if not wanted:
        return DayState.UNWANTED
    return DayState.NOBODY if missing == wanted else DayState.PARTLY
