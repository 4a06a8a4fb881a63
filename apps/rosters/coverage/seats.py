"""How many people should hold a roster, and how many do. No database, no clock; all instants UTC, half-open."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise
from operator import attrgetter

from apps.rosters.rules import Span, Window, merged


@dataclass(frozen=True, slots=True)
class Seats:
    """So many seats, wanted or held, from ``start`` to ``end``. Lists of them are in order and free of overlaps."""

    start: datetime
    end: datetime
    count: int

    def part(self, start: datetime, end: datetime) -> Seats:
        """What of it lasts from ``start`` to ``end``."""
        return Seats(start, end, self.count)


@dataclass(frozen=True, slots=True)
class Short:
    """Time at which somebody is there, but fewer than are wanted: ``held`` of ``wanted``."""

    start: datetime
    end: datetime
    held: int
    wanted: int

    def part(self, start: datetime, end: datetime) -> Short:
        """What of it lasts from ``start`` to ``end``."""
        return Short(start, end, self.held, self.wanted)


def counted(turns: Iterable[Span]) -> list[Seats]:
    """How many of ``turns``, which may come in any order, last at once, whenever any does."""
    changes: dict[datetime, int] = {}
    for each in turns:
        changes[each.start] = changes.get(each.start, 0) + 1
        changes[each.end] = changes.get(each.end, 0) - 1
    found: list[Seats] = []
    count = 0
    for start, end in pairwise(sorted(changes)):
        count += changes[start]
        if count:
            found.append(Seats(start, end, count))
    return joined(found)


def joined(seats: Iterable[Seats]) -> list[Seats]:
    """The same ``seats``, of which no two touch that count the same."""
    found: list[Seats] = []
    for each in seats:
        if found and (found[-1].end, found[-1].count) == (each.start, each.count):
            found[-1] = found[-1].part(found[-1].start, each.end)
        else:
            found.append(each)
    return found


def held_by(turns: Iterable[Sequence[Span]]) -> list[Seats]:
    """How many people are there at once; ``turns`` are those of each. Nobody counts twice."""
    return counted(chain.from_iterable(merged(theirs) for theirs in turns))


def at_least(seats: Iterable[Seats], count: int) -> list[Window]:
    """When there are so many of ``seats`` or more."""
    return merged(each for each in seats if each.count >= count)


def short(wanted: Iterable[Seats], held: Sequence[Seats]) -> Iterator[Short]:
    """Yield when fewer of the ``wanted`` seats than that are ``held``, and yet some; in order, each number apart."""
    for each in wanted:
        first = bisect_right(held, each.start, key=attrgetter("end"))
        for number in range(first, len(held)):
            there = held[number]
            if there.start >= each.end:
                break
            if there.count < each.count:
                yield Short(max(there.start, each.start), min(there.end, each.end), there.count, each.count)
