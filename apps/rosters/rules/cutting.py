"""What of stretches of time lies outside others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
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
                yield replace(stretch, start=free_from, end=cut.start)
            free_from = max(free_from, cut.end)
        if free_from < stretch.end:
            yield replace(stretch, start=free_from)
