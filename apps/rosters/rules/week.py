"""Which parts of each week a layer covers, by the wall clock of its zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, time, timedelta
from zoneinfo import ZoneInfo

from apps.core.walltime import instant
from apps.rosters.rules.handoffs import LARGEST_CHANGE
from apps.rosters.rules.plans import LayerPlan, WeeklyRange, Window

SUNDAY = 6
_A_DAY = timedelta(days=1)


def open_times(layer: LayerPlan, zone: ZoneInfo, window: Window) -> Iterator[Window]:
    """What of ``window`` lies within a restriction, in order, without overlaps and with no two that touch."""
    week = [list(_covered_on(layer.restrictions, weekday)) for weekday in range(7)]
    day = (window.start - LARGEST_CHANGE).astimezone(UTC).date()
    last = (window.end + LARGEST_CHANGE).astimezone(UTC).date()
    reached: Window | None = None
    while day <= last:
        for opens, closes in week[SUNDAY if day in layer.holidays else day.weekday()]:
            start = instant(day, opens, zone)
            end = instant(day + _A_DAY, time(0), zone) if closes is None else instant(day, closes, zone)
            if reached and start <= reached.end:
                reached = Window(reached.start, max(reached.end, end))
                continue
            if reached:
                yield from _within(reached, window)
            reached = Window(start, end)
        day += _A_DAY
    if reached:
        yield from _within(reached, window)


def _covered_on(restrictions: Sequence[WeeklyRange], weekday: int) -> Iterator[tuple[time, time | None]]:
    """Yield what the restrictions cover of each such day, from when to when, in order; None is its midnight."""
    found = []
    for each in restrictions:
        for later in range(each.days + 1):
            if (weekday - later) % 7 in each.weekdays:
                opens = time(0) if later else each.start
                closes = each.end if later == each.days else None
                if closes is None or opens < closes:
                    found.append((opens, closes))
    yield from sorted(found, key=lambda covered: (covered[0], covered[1] or time.max))


def _within(stretch: Window, window: Window) -> Iterator[Window]:
    """Yield what of ``stretch`` lies within ``window``, if anything does."""
    start, end = max(stretch.start, window.start), min(stretch.end, window.end)
    if start < end:
        yield Window(start, end)
