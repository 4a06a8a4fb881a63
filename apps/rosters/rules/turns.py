"""Who holds the seats of one layer: its people in their order, but for those who are away."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, pairwise
from operator import attrgetter
from types import MappingProxyType
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.rosters.models import ShiftSource
from apps.rosters.rules.cutting import Lasting, Span, outside
from apps.rosters.rules.handoffs import handoffs
from apps.rosters.rules.plans import Absences, ByName, CalendarPlan, LayerPlan, Plan, Stretch, Window
from apps.rosters.rules.week import open_times

NOBODY: Absences = MappingProxyType({})
NOBODY_BY_NAME: ByName = MappingProxyType({})


def turns(
    layer: Plan,
    *,
    zone: ZoneInfo,
    window: Window,
    away: Absences = NOBODY,
    by_name: ByName = NOBODY_BY_NAME,
    hidden: Sequence[Window] = (),
) -> Iterator[Stretch]:
    """Yield the turns of one layer within ``window``, clipped to it and to its restrictions, in order in each seat.

    A layer starts at its handoff time on its first day. Turns in weeks that are handed over on another weekday begin
    with a shorter one. Where fewer people take turns than are wanted at once, the last seats stay empty: nobody holds
    two, and whoever holds another seat ``by_name`` none of the layer. A seat that somebody holds by name is theirs, and
    nobody else is asked for it. Turns of a calendar are taken as they are, but for those of whoever is ``away`` or in
    another seat, which nobody takes over. Nothing is said of what is ``hidden``, in order and without overlaps: to
    leave it out here is to not compute it.
    """
    if isinstance(layer, CalendarPlan):
        yield from _of_calendar(outside(clipped(layer.turns, window), hidden), away=away, by_name=by_name)
        return
    if not layer.people:
        return
    zone = layer.zone or zone
    begins = instant(layer.starts_on, layer.handoff_time, zone)
    ends = instant(layer.ends_on, layer.handoff_time, zone) if layer.ends_on else window.end
    window = Window(max(window.start, begins), min(window.end, ends))
    if window.start >= window.end:
        return
    covered = list(outside(open_times(layer, zone, window) if layer.restrictions else [window], hidden))
    if not covered:
        return
    first = 0
    for number, (start, end) in handoffs(layer, zone, since=window.start):
        if start >= window.end:
            return
        while first < len(covered) and covered[first].end <= start:
            first += 1
        for place in range(first, len(covered)):
            if covered[place].start >= end:
                break
            part = covered[place].part(max(start, covered[place].start), min(end, covered[place].end))
            yield from _seated(_order(layer, number), layer.at_once, part, away=away, by_name=by_name)


def _of_calendar(own: Iterable[Stretch], *, away: Absences, by_name: ByName) -> Iterator[Stretch]:
    for turn in own:
        elsewhere = (each for each in by_name.get(turn.person, ()) if each.seat != turn.seat)
        cuts: list[Span] = [*away.get(turn.person, ()), *elsewhere]
        yield from outside([turn], sorted(cuts, key=attrgetter("start")))


def clipped(stretches: Iterable[Lasting], window: Span) -> Iterator[Lasting]:
    """Yield what of ``stretches`` lies within ``window``; what is empty there is left out."""
    for stretch in stretches:
        start, end = max(stretch.start, window.start), min(stretch.end, window.end)
        if start < end:
            yield stretch.part(start, end)


def _order(layer: LayerPlan, number: int) -> tuple[int, ...]:
    """Everybody of the layer in the order in which they are asked for the turn ``number``."""
    first = number * layer.at_once % len(layer.people)
    return layer.people[first:] + layer.people[:first]


def _seated(
    order: tuple[int, ...], at_once: int, part: Window, *, away: Absences, by_name: ByName
) -> Iterator[Stretch]:
    """Yield who of ``order`` holds the seats of one turn within ``part``, in order in each seat.

    Whoever is there keeps their seat; those of the others go to the next in order who are there and free.
    """
    absences = {
        person: missing for person in (order if away else ()) if (missing := _touching(part, away.get(person, ())))
    }
    put_in = [each for theirs in by_name.values() for each in _touching(part, theirs)]
    if not absences and not put_in:
        for seat, person in enumerate(order[:at_once]):
            yield Stretch(seat, person, part.start, part.end, ShiftSource.LAYER)
        return
    lasting: Iterable[Span] = chain(put_in, *absences.values())
    changes = {instant for each in lasting for instant in (each.start, each.end)}
    bounds = sorted({part.start, part.end, *(each for each in changes if part.start < each < part.end)})
    held: dict[int, Stretch] = {}
    for start, end in pairwise(bounds):
        gone = {person for person, missing in absences.items() if any(_lasts(each, start) for each in missing)}
        seats_by_name = {each.seat: each.person for each in put_in if _lasts(each, start)}
        for seat, holder in enumerate(_holders(order, at_once, gone=gone, by_name=seats_by_name)):
            going_on = held.get(seat)
            if going_on and going_on.person == holder:
                held[seat] = going_on.part(going_on.start, end)
                continue
            if going_on:
                yield held.pop(seat)
            if holder is not None:
                held[seat] = Stretch(seat, holder, start, end, ShiftSource.LAYER)
    yield from held.values()


def _holders(
    order: tuple[int, ...], at_once: int, *, gone: set[int], by_name: Mapping[int, int]
) -> Iterator[int | None]:
    """Yield who holds each seat of a turn while some are ``gone`` and others were put into seats ``by_name``.

    A layer in which nobody is there says nothing of a seat that is held by name either.
    """
    busy = {*gone, *by_name.values()}
    somebody_is_there = not gone.issuperset(order)
    next_in_order = iter([person for person in order[at_once:] if person not in busy])
    for seat, person in enumerate(order[:at_once]):
        if seat in by_name:
            yield by_name[seat] if somebody_is_there else None
        else:
            yield next(next_in_order, None) if person in busy else person


def _touching(part: Window, lasting: Sequence[Lasting]) -> list[Lasting]:
    """Those of ``lasting``, which are in order and free of overlaps, of which some time lies within ``part``."""
    first = bisect_right(lasting, part.start, key=attrgetter("end"))
    last = bisect_left(lasting, part.end, lo=first, key=attrgetter("start"))
    return list(lasting[first:last])


def _lasts(each: Span, at: datetime) -> bool:
    return each.start <= at < each.end
