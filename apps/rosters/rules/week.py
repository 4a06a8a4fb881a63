"""Which parts of each week a layer covers, by the wall clock of its zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
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
        for start, end in _on(day, week[SUNDAY if day in layer.holidays else day.weekday()], zone):
            if reached and start <= reached.end:
                reached = Window(reached.start, max(reached.end, end))
                continue
            if reached:
                yield from _within(reached, window)
            reached = Window(start, end)
        day += _A_DAY
    if reached:
        yield from _within(reached, window)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a day by the wall clock; closes None is its midnight. The same as elapsed time of a day of 24 hours."""

    opens: time
    closes: time | None
    after: timedelta
    until: timedelta


def _on(day: date, parts: Sequence[_Part], zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield start and end of ``parts`` of that day.

    No zone ever changed its clocks and changed them back within a day: one of 24 hours is as long as its clocks say.
    """
    if len(parts) > 1:
        midnight, following = instant(day, time(0), zone), instant(day + _A_DAY, time(0), zone)
        if following - midnight == _A_DAY:
            for part in parts:
                yield midnight + part.after, midnight + part.until
            return
    for part in parts:
        ends = instant(day + _A_DAY, time(0), zone) if part.closes is None else instant(day, part.closes, zone)
        yield instant(day, part.opens, zone), ends


def _covered_on(restrictions: Sequence[WeeklyRange], weekday: int) -> Iterator[_Part]:
    """Yield what the restrictions cover of each such day, in order."""
    found = []
    for each in restrictions:
        for later in range(each.days + 1):
            if (weekday - later) % 7 in each.weekdays:
                opens = time(0) if later else each.start
                closes = each.end if later == each.days else None
                if closes is None or opens < closes:
                    found.append((opens, closes))
    for opens, closes in sorted(found, key=lambda covered: (covered[0], covered[1] or time.max)):
        yield _Part(opens, closes, _since_midnight(opens), _A_DAY if closes is None else _since_midnight(closes))


def _since_midnight(wall: time) -> timedelta:
    return datetime.combine(date.min, wall) - datetime.combine(date.min, time(0))


def _within(stretch: Window, window: Window) -> Iterator[Window]:
    """Yield what of ``stretch`` lies within ``window``, if anything does."""
    start, end = max(stretch.start, window.start), min(stretch.end, window.end)
    if start < end:
        yield stretch.part(start, end)
