"""On call as computed here, held against what the vendor computed, hour by hour over the exported window.

An hour is equal where the same people are on call at each of its instants, on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from apps.integrations.importing.plan import FinalSchedule, Held, ImportPlan, Roster
from apps.rosters import rules
from apps.rosters.models import ShiftSource
from apps.rosters.rules import Stretch, Window

_HOUR = timedelta(hours=1)
People = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch in which others are on call here than there; nobody is an empty tuple."""

    start: datetime
    end: datetime
    here: People
    there: People


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of the comparison of one schedule."""

    name: str
    rosters: tuple[str, ...]
    window: Window
    hours: int
    different: int
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> int:
        """The hours in which the same people are on call."""
        return self.hours - self.different


def compare(plan: ImportPlan) -> list[Compared]:
    """Hold every schedule that the vendor computed against its rosters here, as the plan has them."""
    rosters = {roster.ref: roster for roster in plan.rosters}
    return [_compared(final, [rosters[ref] for ref in final.rosters]) for final in plan.expected]


def _compared(final: FinalSchedule, rosters: list[Roster]) -> Compared:
    window = final.window
    here = [held for roster in rosters for held in _computed(roster, window)]
    differences = tuple(_differences(here, final.held, window))
    return Compared(
        name=final.name,
        rosters=tuple(roster.name for roster in rosters),
        window=window,
        hours=_hour_of(window.end, window),
        different=len({hour for each in differences for hour in _hours(each, window)}),
        differences=differences,
    )


def _computed(roster: Roster, window: Window) -> Iterator[Held]:
    names = sorted(
        {person for layer in roster.layers for person in layer.people} | {o.person for o in roster.overrides}
    )
    ids = {person: number for number, person in enumerate(names)}
    overrides = [
        Stretch(each.seat, ids[each.person], each.start, each.end, ShiftSource.OVERRIDE) for each in roster.overrides
    ]
    layers = [layer.as_rules(ids) for layer in roster.layers]
    for stretch in rules.compute(layers, overrides, zone=ZoneInfo(roster.time_zone), window=window):
        yield Held(names[stretch.person], stretch.start, stretch.end)


def _differences(here: Iterable[Held], there: Iterable[Held], window: Window) -> Iterator[Difference]:
    """Sweep over all instants at which anything changes; neighbours that differ alike are one stretch."""
    changes: dict[datetime, list[tuple[int, str, int]]] = {window.start: [], window.end: []}
    for side, held in enumerate((here, there)):
        for each in held:
            start, end = max(each.start, window.start), min(each.end, window.end)
            if start < end:
                changes.setdefault(start, []).append((side, each.person, 1))
                changes.setdefault(end, []).append((side, each.person, -1))
    on_call: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    found: Difference | None = None
    moments = sorted(changes)
    for start, end in pairwise(moments):
        for side, person, step in changes[start]:
            on_call[side][person] += step
        now_here, now_there = (tuple(sorted(+counter)) for counter in on_call)
        if found and (now_here, now_there) == (found.here, found.there):
            found = Difference(found.start, end, now_here, now_there)
            continue
        if found:
            yield found
        found = Difference(start, end, now_here, now_there) if now_here != now_there else None
    if found:
        yield found


def _hours(difference: Difference, window: Window) -> range:
    """The numbers of the hours of the window that the difference touches."""
    return range((difference.start - window.start) // _HOUR, _hour_of(difference.end, window))


def _hour_of(end: datetime, window: Window) -> int:
    return -((window.start - end) // _HOUR)
