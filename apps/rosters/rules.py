"""How shifts come about: layers take turns, the higher layer wins, overrides come last. No database, no clock.

All instants are UTC, all stretches half-open: the handoff instant belongs to the next one. A handoff at 09:00 local
is at 09:00 local on every day of the year (see ``core.walltime`` for the two days on which the clocks change); turns in
hours count elapsed hours. What a window shows does not depend on the window: computing day by day is computing the
whole year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from apps.core.errors import Invalid
from apps.core.walltime import instant
from apps.rosters.models import Rotation, ShiftSource

DAYS_OF_A_TURN = {Rotation.DAYS: 1, Rotation.WEEKS: 7}
#: The seat that layers fill.
FIRST_SEAT = 0
#: Whoever stands in for longer belongs into a layer: a quarter of a year, whichever months it has.
LONGEST_OVERRIDE = timedelta(days=93)
#: No change of a zone's clocks ever moved them by more than a day; turns are looked for that much earlier.
_LARGEST_CHANGE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Window:
    """The time to compute, half-open, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """One person in one seat, without a break and from one source; ``person`` is an id."""

    seat: int
    person: int
    start: datetime
    end: datetime
    source: ShiftSource


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlan:
    """What a layer says: the ids of the people in their order, and the rhythm. Dates and times are local."""

    people: tuple[int, ...]
    rotation: Rotation
    length: int
    handoff_time: time
    starts_on: date
    handoff_weekday: int | None = None
    ends_on: date | None = None


def check_override(start: datetime, end: datetime, *, now: datetime, horizon: timedelta) -> None:
    """Raise Invalid, naming ``start`` or ``end``, unless somebody may stand in for that time.

    It ends after it starts and after ``now``, lasts at most LONGEST_OVERRIDE, and starts within ``horizon`` of
    ``now``: a slip in the year is refused and not carried out.
    """
    if end <= start:
        raise Invalid("An override ends after it starts.", field="end")
    if end <= now:
        raise Invalid("An override cannot end in the past.", field="end")
    if end - start > LONGEST_OVERRIDE:
        raise Invalid(f"An override lasts at most {LONGEST_OVERRIDE.days} days.", field="end")
    if start > now + horizon:
        raise Invalid(f"Shifts are planned {horizon.days} days ahead; an override starts within them.", field="start")


def compute(
    layers: Sequence[LayerPlan], overrides: Sequence[Stretch], *, zone: ZoneInfo, window: Window
) -> list[Stretch]:
    """Return who holds each seat within ``window``, by seat and time, clipped to it; nobody may hold a seat.

    ``layers`` come lowest first, ``overrides`` in the order in which they were made: the later one counts.
    """
    shifts: list[Stretch] = []
    for seat in sorted({FIRST_SEAT, *(override.seat for override in overrides)}):
        held: list[Stretch] = []
        if seat == FIRST_SEAT:
            for layer in layers:
                held = overlay(held, list(turns(layer, zone=zone, window=window)))
        exceptions: list[Stretch] = []
        for override in _clipped((each for each in overrides if each.seat == seat), window):
            exceptions = overlay(exceptions, [override])
        shifts += overlay(held, exceptions)
    return shifts


def turns(layer: LayerPlan, *, zone: ZoneInfo, window: Window) -> Iterator[Stretch]:
    """Yield the turns of one layer within ``window``, clipped to it, in order and without a gap.

    A layer starts at its handoff time on its first day. Turns in weeks that are handed over on another weekday begin
    with a shorter one.
    """
    if not layer.people:
        return
    begins = instant(layer.starts_on, layer.handoff_time, zone)
    ends = instant(layer.ends_on, layer.handoff_time, zone) if layer.ends_on else window.end
    window = Window(max(window.start, begins), min(window.end, ends))
    if window.start >= window.end:
        return
    for number, (start, end) in _handoffs(layer, zone, since=window.start):
        if start >= window.end:
            return
        person = layer.people[number % len(layer.people)]
        yield from _clipped([Stretch(FIRST_SEAT, person, start, end, ShiftSource.LAYER)], window)


def overlay(base: Sequence[Stretch], top: Sequence[Stretch]) -> list[Stretch]:
    """Return ``top`` and what it leaves uncovered of ``base``, in order; each is in order and free of overlaps."""
    result = list(top)
    first = 0
    for stretch in base:
        while first < len(top) and top[first].end <= stretch.start:
            first += 1
        free_from = stretch.start
        for number in range(first, len(top)):
            if top[number].start >= stretch.end:
                break
            if free_from < top[number].start:
                result.append(replace(stretch, start=free_from, end=top[number].start))
            free_from = top[number].end
        if free_from < stretch.end:
            result.append(replace(stretch, start=free_from))
    return sorted(result, key=lambda stretch: stretch.start)


def _handoffs(layer: LayerPlan, zone: ZoneInfo, *, since: datetime) -> Iterator[tuple[int, tuple[datetime, datetime]]]:
    """Yield number, start and end of the layer's turns in order, from the first or one that starts before ``since``."""
    if layer.rotation == Rotation.HOURS:
        length = timedelta(hours=layer.length)
        begins = instant(layer.starts_on, layer.handoff_time, zone)
        for number in count(max(0, (since - begins) // length)):
            yield number, (begins + number * length, begins + (number + 1) * length)
        return
    days = DAYS_OF_A_TURN[layer.rotation] * layer.length
    first = layer.starts_on
    if layer.handoff_weekday is not None:
        first -= timedelta(days=(first.weekday() - layer.handoff_weekday) % 7)
    reached = (since - _LARGEST_CHANGE).astimezone(UTC).date() - first
    number = max(0, reached.days // days)
    start = instant(first + timedelta(days=number * days), layer.handoff_time, zone)
    while True:
        number += 1
        end = instant(first + timedelta(days=number * days), layer.handoff_time, zone)
        yield number - 1, (start, end)
        start = end


def _clipped(stretches: Iterable[Stretch], window: Window) -> Iterator[Stretch]:
    """Yield what of ``stretches`` lies within ``window``; what is empty there is left out."""
    for stretch in stretches:
        start, end = max(stretch.start, window.start), min(stretch.end, window.end)
        if start < end:
            yield replace(stretch, start=start, end=end)
