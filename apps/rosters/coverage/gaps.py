"""When nobody holds a roster though somebody should. No database, no clock; all instants UTC, all stretches half-open.

Which time is wanted? Of a primary roster all of it: whoever is on call there is paged first for the team. Of any other
from its first layer on what its layers cover, whoever takes turns in them: a layer that nobody is in, or whose people
are all away, leaves a gap, and a night that a layer of office hours leaves out does not. Where no layer lasts any
more, or not yet the next one, what the last one covered is wanted still: a roster that runs out is a gap. A calendar
covers what stands in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.rosters.coverage.windows import merged, total, within
from apps.rosters.rules import CalendarPlan, LayerPlan, Plan, Window, outside
from apps.rosters.rules.week import open_times


@dataclass(frozen=True, slots=True)
class Gap:
    """Wanted time that nobody holds, up to the next time that somebody does: the days of an empty roster are one gap.

    ``parts`` are the stretches that are wanted and not held; what lies between them nobody wants. ``since`` is when
    somebody held the roster last, ``until`` when somebody does again; None beyond what was looked at.
    """

    parts: tuple[Window, ...]
    since: datetime | None
    until: datetime | None

    @property
    def start(self) -> datetime:
        """The first instant at which nobody is there."""
        return self.parts[0].start

    @property
    def end(self) -> datetime:
        """The end of the last stretch in which nobody is there."""
        return self.parts[-1].end

    @property
    def missing(self) -> timedelta:
        """How long nobody is there while somebody should be."""
        return total(self.parts)


def wanted(plans: Sequence[Plan], *, is_primary: bool, zone: ZoneInfo, window: Window) -> list[Window]:
    """The time within ``window`` at which somebody should hold a roster of ``zone`` with these layers."""
    if is_primary:
        return [window]
    layers = [plan for plan in plans if isinstance(plan, LayerPlan)]
    lasting = [_lasts(layer, layer.zone or zone) for layer in layers]
    found = [Window(turn.start, turn.end) for plan in plans if isinstance(plan, CalendarPlan) for turn in plan.turns]
    for layer, own in zip(layers, lasting, strict=True):
        ends = _wanted_until(own, lasting) or window.end
        for part in within([Window(own[0], ends)], window):
            found += open_times(layer, layer.zone or zone, part) if layer.restrictions else [part]
    return merged(within(found, window))


def gaps(wanted: Sequence[Window], held: Sequence[Window], window: Window) -> list[Gap]:
    """What of ``wanted`` nobody holds within ``window``; ``held`` may reach beyond it on either side.

    Both are in order, and nothing in them touches or overlaps (``windows.merged``).
    """
    parts: dict[int, list[Window]] = {}
    for part in outside(within(wanted, window), held):
        parts.setdefault(bisect_right(held, part.start, key=lambda each: each.end), []).append(part)
    return [
        Gap(
            tuple(between),
            since=held[following - 1].end if following else None,
            until=held[following].start if following < len(held) else None,
        )
        for following, between in parts.items()
    ]


_Lasting = tuple[datetime, datetime | None]


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
