"""Layers take turns, the higher layer wins, overrides come last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from apps.core.errors import Invalid
from apps.rosters.rules.cutting import latest, merged, outside
from apps.rosters.rules.plans import Absences, ByName, Plan, Stretch, Window
from apps.rosters.rules.turns import NOBODY, clipped, turns

#: Whoever stands in for longer belongs into a layer: a quarter of a year, whichever months it has.
LONGEST_OVERRIDE = timedelta(days=93)

_SEAT, _PERSON = attrgetter("seat"), attrgetter("person")


def compute(
    layers: Sequence[Plan],
    overrides: Sequence[Stretch],
    *,
    zone: ZoneInfo,
    window: Window,
    away: Absences = NOBODY,
) -> list[Stretch]:
    """Return who holds each seat within ``window``, by seat and time, clipped to it; nobody may hold a seat.

    ``layers`` come lowest first; where one says anybody, those below it say nothing of any seat. ``overrides`` come in
    the order in which they were made: of a seat, and of a person, the later one counts. Whoever overrides is not asked
    whether they are ``away``: somebody put them in by name. Meanwhile they hold no other seat.
    """
    by_name = latest(list(clipped(overrides, window)))
    put_in = _grouped(_in_order(by_name), key=_PERSON)
    held = _grouped(_of_layers(layers, zone=zone, window=window, away=away, by_name=put_in), key=_SEAT)
    by_seat = _grouped(by_name, key=_SEAT)
    shifts: list[Stretch] = []
    for seat in sorted(by_seat.keys() | held.keys()):
        shifts += overlay(_in_order(held.get(seat, [])), by_seat.get(seat, []))
    return shifts


def _of_layers(
    layers: Sequence[Plan], *, zone: ZoneInfo, window: Window, away: Absences, by_name: ByName
) -> Iterator[Stretch]:
    """Yield what each layer says where none above it says anything, the highest first.

    What is above is kept as one list without overlaps, however many layers there are.
    """
    above: list[Window] = []
    for layer in reversed(layers):
        if above == [window]:
            return
        found = list(turns(layer, zone=zone, window=window, away=away, by_name=by_name, hidden=above))
        yield from found
        above = merged([*above, *found])


def overlay(base: Sequence[Stretch], top: Sequence[Stretch]) -> list[Stretch]:
    """Return ``top`` and what it leaves uncovered of ``base``, in order; each is in order and free of overlaps."""
    return _in_order([*top, *outside(base, top)])


def check_override(start: datetime, end: datetime, *, now: datetime, horizon: timedelta) -> None:
    """Raise Invalid, naming ``start`` or ``end``, unless somebody may stand in for that time, or be asked to.

    It ends after it starts and after ``now``, lasts at most LONGEST_OVERRIDE, and starts within ``horizon`` of
    ``now``: a slip in the year is refused and not carried out.
    """
    if end <= start:
        raise Invalid("It ends after it starts.", field="end")
    if end <= now:
        raise Invalid("It cannot end in the past.", field="end")
    if end - start > LONGEST_OVERRIDE:
        raise Invalid(f"It lasts at most {LONGEST_OVERRIDE.days} days.", field="end")
    if start > now + horizon:
        raise Invalid(f"Shifts are planned {horizon.days} days ahead; it starts within them.", field="start")


def _in_order(stretches: Iterable[Stretch]) -> list[Stretch]:
    return sorted(stretches, key=attrgetter("start"))


def _grouped(stretches: Iterable[Stretch], *, key: Callable[[Stretch], int]) -> dict[int, list[Stretch]]:
    found: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        found.setdefault(key(stretch), []).append(stretch)
    return found
