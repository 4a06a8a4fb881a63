"""How long somebody is on call, by the kind of hour in their own time zone. No database, no clock.

Each instant is of one kind, the first of these that fits: a public holiday of the person's country, a weekend
(Saturday or Sunday), a night, an ordinary hour. So a Sunday night is weekend, and the kinds add up to the whole. All
spans are elapsed time: the night in which the clocks go forward is an hour shorter than others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.rosters.rules import Window

#: The night, by the person's clock; it belongs to the day on which it begins.
NIGHT_BEGINS, NIGHT_ENDS = time(22), time(6)
#: Saturday and Sunday, as ``date.weekday`` counts.
WEEKEND = frozenset({5, 6})
#: Of so much of a night on somebody has worked that night (Directive 2003/88/EC, article 2, "night worker").
A_NIGHT = timedelta(hours=3)

_A_DAY = timedelta(days=1)
_NOTHING = timedelta()


class HourKind(StrEnum):
    HOLIDAY = "holiday"
    WEEKEND = "weekend"
    NIGHT = "night"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class Hours:
    """Time on call by its kind: elapsed time, each instant in one of them."""

    ordinary: timedelta = _NOTHING
    night: timedelta = _NOTHING
    weekend: timedelta = _NOTHING
    holiday: timedelta = _NOTHING

    @property
    def total(self) -> timedelta:
        """All of it."""
        return self.ordinary + self.night + self.weekend + self.holiday

    def __add__(self, other: Hours) -> Hours:
        return Hours(
            self.ordinary + other.ordinary,
            self.night + other.night,
            self.weekend + other.weekend,
            self.holiday + other.holiday,
        )


class Almanac:
    """Which kind each instant of ``window`` is for whoever lives in ``zone`` and keeps the ``holidays`` there.

    Made once, it answers for any number of stretches, each of which lies within ``window``.
    """

    def __init__(self, zone: ZoneInfo, window: Window, holidays: Container[date] = ()) -> None:
        self.zone = zone
        self._edges: list[datetime] = []
        self._kinds: list[HourKind] = []
        self._days: list[date] = []
        self._nights: list[Window] = []
        for day in _days(window, zone):
            for start, kind in _parts(day, zone, holidays):
                self._edges.append(start)
                self._kinds.append(kind)
            self._days.append(day)
            self._nights.append(Window(instant(day, NIGHT_BEGINS, zone), instant(day + _A_DAY, NIGHT_ENDS, zone)))
        self._ends_of_nights = [night.end for night in self._nights]
        self._sums = {kind: list(self._summed(kind)) for kind in HourKind}

    def hours(self, stretches: Sequence[Window]) -> Hours:
        """How much of each kind lies in ``stretches``, which overlap nowhere."""
        return Hours(**{kind.value: self.hours_of(kind, stretches) for kind in HourKind})

    def hours_of(self, kind: HourKind, stretches: Iterable[Window]) -> timedelta:
        """How much of one kind lies in ``stretches``, which overlap nowhere."""
        return sum((self._until(each.end, kind) - self._until(each.start, kind) for each in stretches), _NOTHING)

    def nights(self, stretches: Iterable[Window]) -> list[date]:
        """The nights of which A_NIGHT or more lies in ``stretches``, which overlap nowhere, by their first day.

        A night counts whatever kind its hours are: that of a Sunday too.
        """
        held: dict[date, timedelta] = defaultdict(timedelta)
        for each in stretches:
            for number in range(bisect_right(self._ends_of_nights, each.start), len(self._nights)):
                night = self._nights[number]
                if night.start >= each.end:
                    break
                held[self._days[number]] += min(each.end, night.end) - max(each.start, night.start)
        return sorted(day for day, length in held.items() if length >= A_NIGHT)

    def night(self, day: date) -> Window:
        """The night that begins on the local ``day``, which is one of those of the window."""
        return self._nights[(day - self._days[0]).days]

    def _summed(self, kind: HourKind) -> Iterator[timedelta]:
        """How much of ``kind`` came before each of the edges."""
        before = _NOTHING
        for number, start in enumerate(self._edges):
            if number and self._kinds[number - 1] == kind:
                before += start - self._edges[number - 1]
            yield before

    def _until(self, at: datetime, kind: HourKind) -> timedelta:
        last = bisect_right(self._edges, at) - 1
        return self._sums[kind][last] + (at - self._edges[last] if self._kinds[last] == kind else _NOTHING)


def _days(window: Window, zone: ZoneInfo) -> Iterator[date]:
    """The local days of ``window``, and one more on either side."""
    day, last = window.start.astimezone(zone).date() - _A_DAY, window.end.astimezone(zone).date() + _A_DAY
    while day <= last:
        yield day
        day += _A_DAY


def _parts(day: date, zone: ZoneInfo, holidays: Container[date]) -> Iterator[tuple[datetime, HourKind]]:
    """When each part of the local ``day`` begins, and its kind."""
    if day in holidays:
        yield instant(day, time(0), zone), HourKind.HOLIDAY
    elif day.weekday() in WEEKEND:
        yield instant(day, time(0), zone), HourKind.WEEKEND
    else:
        yield instant(day, time(0), zone), HourKind.NIGHT
        yield instant(day, NIGHT_ENDS, zone), HourKind.ORDINARY
        yield instant(day, NIGHT_BEGINS, zone), HourKind.NIGHT
