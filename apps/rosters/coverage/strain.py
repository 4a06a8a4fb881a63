"""What wears people out: no break, too little rest after a night, too many nights. No database, no clock.

The measures are those of the Working Time Directive (2003/88/EC) where it has one: eleven hours of rest (article 3).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from apps.rosters.coverage.hours import Almanac
from apps.rosters.rules import Window

#: On call for longer than this without a break is too long. By the clock on the wall: a week stays a week where the
#: clocks change within it.
LONGEST_STRETCH = timedelta(days=7)
#: Whoever was on call in a night rests for so long before the next shift.
REST = timedelta(hours=11)
#: More nights than MOST_NIGHTS in any NIGHTS_WITHIN days are too many: a rotation of two takes every other week.
MOST_NIGHTS = 7
NIGHTS_WITHIN = timedelta(days=14)

_A_DAY = timedelta(days=1)


class StrainKind(StrEnum):
    NO_BREAK = "no_break"
    SHORT_REST = "short_rest"
    MANY_NIGHTS = "many_nights"


@dataclass(frozen=True, slots=True)
class Strain:
    """One kind of strain on one person: how often, and the worst of it, from ``start`` to ``end``, UTC.

    ``amount`` is how long the stretch without a break is or how short the rest; None of nights, of which there are
    ``nights``.
    """

    kind: StrainKind
    times: int
    start: datetime
    end: datetime
    amount: timedelta | None = None
    nights: int | None = None


def strains(stretches: Sequence[Window], almanac: Almanac, *, since: datetime) -> list[Strain]:
    """What strains the person who is on call in ``stretches``, whatever rosters they are of, after ``since``.

    ``stretches`` are in order, and nothing in them touches or overlaps (``rules.merged``). They begin NIGHTS_WITHIN
    before ``since`` where the person was on call then, so that what began before still counts.
    """
    nights = almanac.nights(stretches)
    found = (
        _no_break(stretches, almanac.zone, since),
        _short_rest(stretches, almanac, since),
        _many_nights(nights, almanac, since),
    )
    return [each for each in found if each is not None]


def _no_break(stretches: Sequence[Window], zone: ZoneInfo, since: datetime) -> Strain | None:
    long = [each for each in stretches if each.end > since and _on_the_wall(each, zone) > LONGEST_STRETCH]
    if not long:
        return None
    worst = max(long, key=lambda each: each.end - each.start)
    return Strain(StrainKind.NO_BREAK, len(long), worst.start, worst.end, amount=worst.end - worst.start)


def _short_rest(stretches: Sequence[Window], almanac: Almanac, since: datetime) -> Strain | None:
    """After a stretch in whose last 24 hours was a night that counts."""
    short = [
        Window(before.end, after.start)
        for before, after in pairwise(stretches)
        if after.start > since
        and after.start - before.end < REST
        and almanac.nights([Window(max(before.start, before.end - _A_DAY), before.end)])
    ]
    if not short:
        return None
    worst = min(short, key=lambda rest: rest.end - rest.start)
    return Strain(StrainKind.SHORT_REST, len(short), worst.start, worst.end, amount=worst.end - worst.start)


def _many_nights(nights: Sequence[date], almanac: Almanac, since: datetime) -> Strain | None:
    spells = [spell for spell in _spells(nights) if almanac.night(spell[-1]).end > since]
    if not spells:
        return None
    worst = max(spells, key=len)
    start, end = almanac.night(worst[0]).start, almanac.night(worst[-1]).end
    apart = 0
    reached: date | None = None
    for spell in spells:
        if reached is None or spell[0] > reached:
            apart, reached = apart + 1, spell[-1]
    return Strain(StrainKind.MANY_NIGHTS, apart, start, end, nights=len(worst))


def _spells(nights: Sequence[date]) -> Iterator[Sequence[date]]:
    """The nights of each NIGHTS_WITHIN days that have too many, from each night on."""
    for first, night in enumerate(nights):
        after = bisect_left(nights, night + NIGHTS_WITHIN)
        if after - first > MOST_NIGHTS:
            yield nights[first:after]


def _on_the_wall(stretch: Window, zone: ZoneInfo) -> timedelta:
    """How long it lasts by the clock on the wall."""
    return stretch.end.astimezone(zone).replace(tzinfo=None) - stretch.start.astimezone(zone).replace(tzinfo=None)
