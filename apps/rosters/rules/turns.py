"""Who holds the seats of one layer: its people in their order, but for those who are away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.rosters.models import ShiftSource
from apps.rosters.rules.cutting import Lasting, outside
from apps.rosters.rules.handoffs import handoffs
from apps.rosters.rules.plans import Absences, CalendarPlan, LayerPlan, Plan, Stretch, Window
from apps.rosters.rules.week import open_times

NOBODY: Absences = MappingProxyType({})


def turns(layer: Plan, *, zone: ZoneInfo, window: Window, away: Absences = NOBODY) -> Iterator[Stretch]:
    """Yield the turns of one layer within ``window``, clipped to it and to its restrictions, in order in each seat.

    A layer starts at its handoff time on its first day. Turns in weeks that are handed over on another weekday begin
    with a shorter one. Where fewer people take turns than are wanted at once, the last seats stay empty: nobody holds
    two. Turns of a calendar are taken as they are, but for those of whoever is ``away``, which nobody takes over.
    """
    if isinstance(layer, CalendarPlan):
        for turn in clipped(layer.turns, window):
            yield from outside([turn], away.get(turn.person, ()))
        return
    if not layer.people:
        return
    zone = layer.zone or zone
    begins = instant(layer.starts_on, layer.handoff_time, zone)
    ends = instant(layer.ends_on, layer.handoff_time, zone) if layer.ends_on else window.end
    window = Window(max(window.start, begins), min(window.end, ends))
    if window.start >= window.end:
        return
    covered = list(open_times(layer, zone, window)) if layer.restrictions else [window]
    first = 0
    for number, (start, end) in handoffs(layer, zone, since=window.start):
        if start >= window.end:
            return
        while first < len(covered) and covered[first].end <= start:
            first += 1
        for place in range(first, len(covered)):
            if covered[place].start >= end:
                break
            part = Window(max(start, covered[place].start), min(end, covered[place].end))
            yield from _seated(_order(layer, number), layer.at_once, part, away)


def clipped(stretches: Iterable[Lasting], window: Window) -> Iterator[Lasting]:
    """Yield what of ``stretches`` lies within ``window``; what is empty there is left out."""
    for stretch in stretches:
        start, end = max(stretch.start, window.start), min(stretch.end, window.end)
        if start < end:
            yield stretch.part(start, end)


def _order(layer: LayerPlan, number: int) -> tuple[int, ...]:
    """Everybody of the layer in the order in which they are asked for the turn ``number``."""
    first = number * layer.at_once % len(layer.people)
    return layer.people[first:] + layer.people[:first]


def _seated(order: tuple[int, ...], at_once: int, part: Window, away: Absences) -> Iterator[Stretch]:
    """Yield who of ``order`` holds the seats of one turn within ``part``, in order in each seat.

    Whoever is there keeps their seat; those of the others go to the next in order who are there.
    """
    absences = {
        person: missing
        for person in (order if away else ())
        if (missing := [each for each in away.get(person, ()) if each.start < part.end and part.start < each.end])
    }
    if not absences:
        for seat, person in enumerate(order[:at_once]):
            yield Stretch(seat, person, part.start, part.end, ShiftSource.LAYER)
        return
    changes = {instant for missing in absences.values() for each in missing for instant in (each.start, each.end)}
    bounds = sorted({part.start, part.end, *(each for each in changes if part.start < each < part.end)})
    held: dict[int, Stretch] = {}
    for start, end in pairwise(bounds):
        gone = {
            person for person, missing in absences.items() if any(each.start <= start < each.end for each in missing)
        }
        next_in_order = iter([person for person in order[at_once:] if person not in gone])
        for seat, person in enumerate(order[:at_once]):
            holder = next(next_in_order, None) if person in gone else person
            going_on = held.get(seat)
            if going_on and going_on.person == holder:
                held[seat] = going_on.part(going_on.start, end)
                continue
            if going_on:
                yield held.pop(seat)
            if holder is not None:
                held[seat] = Stretch(seat, holder, start, end, ShiftSource.LAYER)
    yield from held.values()
