"""What shifts are computed from and what they are, as plain values; persons are ids, instants UTC."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeAlias
from zoneinfo import ZoneInfo

from apps.rosters.models import Rotation, ShiftSource

#: The seat that every roster has; a layer of several people at once fills those that follow it as well.
FIRST_SEAT = 0


@dataclass(frozen=True, slots=True)
class Window:
    """The time to compute, half-open, UTC."""

    start: datetime
    end: datetime

    def part(self, start: datetime, end: datetime) -> Window:
        """What of it lasts from ``start`` to ``end``; itself where that is all of it."""
        return self if (start, end) == (self.start, self.end) else Window(start, end)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One person in one seat, without a break and from one source; ``person`` is an id."""

    seat: int
    person: int
    start: datetime
    end: datetime
    source: ShiftSource

    def part(self, start: datetime, end: datetime) -> Stretch:
        """The same from ``start`` to ``end``; itself where that is all of it."""
        if (start, end) == (self.start, self.end):
            return self
        # Of a year of shifts a third was spent in dataclasses.replace.
        return Stretch(self.seat, self.person, start, end, self.source)


@dataclass(frozen=True, slots=True)
class WeeklyRange:
    """A part of each week: from ``start`` on each of ``weekdays`` (0 is Monday) to ``end``, so many ``days`` later.

    Local wall times. Midnight at the end of a day is 00:00 one day later.
    """

    weekdays: frozenset[int]
    start: time
    end: time
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlan:
    """What a layer says: the ids of the people in their order, and the rhythm. Dates and times are local.

    ``at_once`` people take each turn, who hold as many seats. With ``restrictions`` it covers only what lies within
    one of them; the turns go on meanwhile. On ``holidays`` they cover what they cover on Sundays. Without a ``zone``
    it lives in that of the roster.
    """

    people: tuple[int, ...]
    rotation: Rotation
    length: int
    handoff_time: time
    starts_on: date
    handoff_weekday: int | None = None
    ends_on: date | None = None
    zone: ZoneInfo | None = None
    at_once: int = 1
    restrictions: tuple[WeeklyRange, ...] = ()
    holidays: Collection[date] = ()


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """A layer whose turns were planned elsewhere: in order and free of overlaps in each seat."""

    turns: tuple[Stretch, ...]

    @property
    def people(self) -> frozenset[int]:
        """Everybody who has a turn."""
        return frozenset(turn.person for turn in self.turns)


Plan: TypeAlias = LayerPlan | CalendarPlan
#: Who is away when: by the id of the person, in order and free of overlaps.
Absences = Mapping[int, Sequence[Window]]
#: Who was put into a seat by name, whatever layers say: by the id of the person, in order and free of overlaps.
ByName = Mapping[int, Sequence[Stretch]]
