"""What of stretches of time lies outside others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from itertools import pairwise
from operator import attrgetter
from typing import Protocol, Self, TypeVar

from apps.rosters.rules.plans import Stretch, Window


class Span(Protocol):
    """Something that lasts: half-open, UTC."""

    @property
    def start(self) -> datetime: ...

    @property
    def end(self) -> datetime: ...


class Part(Span, Protocol):
    """Something of which parts are of its kind."""

    def part(self, start: datetime, end: datetime) -> Self:
        """What of it lasts from ``start`` to ``end``."""


Lasting = TypeVar("Lasting", bound=Part)


def outside(stretches: Iterable[Lasting], cuts: Sequence[Span]) -> Iterator[Lasting]:
    """Yield what of ``stretches`` lies outside all of ``cuts``.

    Both are in order by their starts; both may overlap among themselves.
    """
    first = 0
    for stretch in stretches:
        while first < len(cuts) and cuts[first].end <= stretch.start:
            first += 1
        free_from = stretch.start
        for number in range(first, len(cuts)):
            cut = cuts[number]
            if cut.start >= stretch.end:
                break
            if free_from < cut.start:
                yield stretch.part(free_from, cut.start)
            free_from = max(free_from, cut.end)
        if free_from < stretch.end:
            yield stretch.part(free_from, stretch.end)


def merged(spans: Iterable[Span]) -> list[Window]:
    """The time that lies in any of ``spans``, which may come in any order; what touches becomes one."""
    found: list[Window] = []
    for each in sorted(spans, key=attrgetter("start")):
        if found and each.start <= found[-1].end:
            if each.end > found[-1].end:
                found[-1] = Window(found[-1].start, each.end)
        elif each.start < each.end:
            found.append(Window(each.start, each.end))
    return found


def latest(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Return what of ``stretches`` counts, by seat and time; they may overlap in any way.

    Of one seat the later one counts, and so of one person: nobody holds two seats. The later one is the one that comes
    later in the sequence. One sweep, however many overlap.
    """
    by_start = sorted(range(len(stretches)), key=lambda number: stretches[number].start)
    instants = sorted({instant for each in stretches for instant in (each.start, each.end)})
    lasting: dict[int, list[int]] = defaultdict(list)  # by seat; heaps of negative numbers: their first is the latest
    found: dict[int, list[Stretch]] = defaultdict(list)
    shown: dict[int, int] = {}
    coming = 0
    for start, end in pairwise(instants):
        while coming < len(by_start) and stretches[by_start[coming]].start <= start:
            heappush(lasting[stretches[by_start[coming]].seat], -by_start[coming])
            coming += 1
        for of_seat in lasting.values():
            while of_seat and stretches[-of_seat[0]].end <= start:
                heappop(of_seat)
        counts = {seat: -of_seat[0] for seat, of_seat in lasting.items() if of_seat}
        if len({stretches[number].person for number in counts.values()}) < len(counts):
            still = (-number for of_seat in lasting.values() for number in of_seat)
            counts = _one_seat_each([number for number in still if start < stretches[number].end], stretches)
        for seat, number in counts.items():
            if shown.get(seat) == number:
                found[seat][-1] = found[seat][-1].part(found[seat][-1].start, end)
            else:
                found[seat].append(stretches[number].part(start, end))
        shown = counts
    return [stretch for seat in sorted(found) for stretch in found[seat]]


def _one_seat_each(numbers: Iterable[int], stretches: Sequence[Stretch]) -> dict[int, int]:
    """Which of the stretches of these ``numbers``, which last at the same time, count: by seat, from the latest on."""
    counts: dict[int, int] = {}
    people: set[int] = set()
    for number in sorted(numbers, reverse=True):
        stretch = stretches[number]
        if stretch.seat not in counts and stretch.person not in people:
            counts[stretch.seat] = number
            people.add(stretch.person)
    return counts
