"""When fewer hold a roster than should. No database, no clock; all instants UTC, all stretches half-open.

Which time is wanted? Of a primary roster all of it: whoever is on call there is paged first for the team. Of any other
from its first layer on what its layers cover, whoever takes turns in them: a layer that nobody is in, or whose people
are all away, leaves a gap, and a night that a layer of office hours leaves out does not. Where no layer lasts any
more, or not yet the next one, what the last one covered is wanted still: a roster that runs out is a gap. A calendar
covers what stands in it.

How many are wanted then? As many as the highest layer that covers the time wants at once, of a calendar as many as
stand in it; at any other time one. Whoever holds it counts, in whichever seat.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.rosters.coverage.seats import Seats, at_least, counted, joined, short
from apps.rosters.coverage.windows import total, within
from apps.rosters.rules import CalendarPlan, LayerPlan, Plan, Span, Window, clipped, merged, outside
from apps.rosters.rules.week import open_times


@dataclass(frozen=True, slots=True)
class Gap:
    """Wanted time that too few hold, up to the next time that enough do: the days of an empty roster are one gap.

    Where nobody is there ``held`` is 0, and one is enough; else of the ``wanted`` so many are there, or at times more.
    ``parts`` are the stretches that are wanted and not held; what lies between them nobody wants. ``since`` is when
    enough held the roster last, ``until`` when enough do again; None beyond what was looked at.
    """

    parts: tuple[Window, ...]
    since: datetime | None
    until: datetime | None
    held: int = 0
    wanted: int = 1

    @property
    def start(self) -> datetime:
        """The first instant at which too few are there."""
        return self.parts[0].start

    @property
    def end(self) -> datetime:
        """The end of the last stretch in which too few are there."""
        return self.parts[-1].end

    @property
    def missing(self) -> timedelta:
        """How long too few are there."""
        return total(self.parts)


def wanted(plans: Sequence[Plan], *, is_primary: bool, zone: ZoneInfo, window: Window) -> list[Seats]:
    """How many should hold a roster of ``zone`` with these layers, the lowest first, within ``window``."""
    layers = [plan for plan in plans if isinstance(plan, LayerPlan)]
    lasting = [_lasts(layer, layer.zone or zone) for layer in layers]
    found = [Seats(window.start, window.end, 1)] if is_primary else []
    for plan in plans:
        own = counted(plan.turns) if isinstance(plan, CalendarPlan) else _of_layer(plan, zone, lasting, window)
        covered = list(clipped(own, window))
        found = sorted([*covered, *outside(found, covered)], key=attrgetter("start"))
    return joined(found)


def gaps(wanted: Sequence[Span], held: Sequence[Window], window: Window) -> list[Gap]:
    """What of ``wanted`` nobody holds within ``window``; ``held`` may reach beyond it on either side.

    Both are in order and free of overlaps, and nothing in ``held`` touches (``rules.merged``).
    """
    missing = merged(outside(within(wanted, window), held))
    return [Gap(parts, since, until) for parts, since, until in _up_to_the_next(missing, held)]


def shortages(wanted: Iterable[Seats], held: Sequence[Seats], window: Window) -> list[Gap]:
    """When somebody is there within ``window``, but fewer than ``wanted``; ``held`` may reach beyond it."""
    found = list(short(clipped(wanted, window), held))
    return [
        Gap(parts, since, until, held=min(each.held for each in found if each.wanted == count), wanted=count)
        for count in sorted({each.wanted for each in found})
        for parts, since, until in _up_to_the_next(
            merged(each for each in found if each.wanted == count), at_least(held, count)
        )
    ]


def _up_to_the_next(
    missing: Iterable[Window], held: Sequence[Window]
) -> Iterator[tuple[tuple[Window, ...], datetime | None, datetime | None]]:
    """Yield what is ``missing`` between two stretches of ``held``, the end of the one and the start of the other."""
    parts: dict[int, list[Window]] = {}
    for part in missing:
        parts.setdefault(bisect_right(held, part.start, key=lambda each: each.end), []).append(part)
    for following, between in parts.items():
        since = held[following - 1].end if following else None
        yield tuple(between), since, held[following].start if following < len(held) else None


_Lasting = tuple[datetime, datetime | None]


def _of_layer(layer: LayerPlan, zone: ZoneInfo, lasting: Sequence[_Lasting], window: Window) -> Iterator[Seats]:
    """Yield what the layer wants; ``lasting`` is when each of the roster's layers does."""
    own = _lasts(layer, layer.zone or zone)
    for part in within([Window(own[0], _wanted_until(own, lasting) or window.end)], window):
        for each in open_times(layer, layer.zone or zone, part) if layer.restrictions else [part]:
            yield Seats(each.start, each.end, layer.at_once)


def _lasts(layer: LayerPlan, zone: ZoneInfo) -> _Lasting:
    """From when to when the layer lasts; None: for ever."""
    ends = instant(layer.ends_on, layer.handoff_time, zone) if layer.ends_on else None
    return instant(layer.starts_on, layer.handoff_time, zone), ends


def _wanted_until(layer: _Lasting, layers: Sequence[_Lasting]) -> datetime | None:
    """Until when what the layer covers is wanted: its end, or where none lasts then the next beginning; None: ever."""
    end = layer[1]
    if end is None:
        return None
    if any(begins <= end and (ends is None or end < ends) for begins, ends in layers):
        return end
    return min((begins for begins, _ in layers if begins > end), default=None)
