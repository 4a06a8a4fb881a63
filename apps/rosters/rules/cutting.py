"""What of stretches of time lies outside others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import TypeVar

from apps.rosters.rules.plans import Stretch, Window

Lasting = TypeVar("Lasting", Stretch, Window)


def outside(stretches: Iterable[Lasting], cuts: Sequence[Stretch | Window]) -> Iterator[Lasting]:
    """Yield what of ``stretches`` lies outside all of ``cuts``.

    Both are in order by their starts; stretches do not overlap one another, cuts may.
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


def latest(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Return what of ``stretches`` no later one of them covers, in order by time; they may overlap in any way.

    The later one is the one that comes later in the sequence. One sweep, however many overlap.
    """
    by_start = sorted(range(len(stretches)), key=lambda number: stretches[number].start)
    instants = sorted({instant for each in stretches for instant in (each.start, each.end)})
    lasting: list[int] = []  # a heap of negative numbers: its first is the latest
    found: list[Stretch] = []
    shown: int | None = None
    coming = 0
    for start, end in pairwise(instants):
        while coming < len(by_start) and stretches[by_start[coming]].start <= start:
            heappush(lasting, -by_start[coming])
            coming += 1
        while lasting and stretches[-lasting[0]].end <= start:
            heappop(lasting)
        if not lasting:
            shown = None
        elif shown == -lasting[0]:
            found[-1] = found[-1].part(found[-1].start, end)
        else:
            shown = -lasting[0]
            found.append(stretches[shown].part(start, end))
    return found
