"""When the turns of a layer are handed over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from apps.core.walltime import instant, months_after
from apps.rosters.models import Rotation
from apps.rosters.rules.plans import LayerPlan

#: No change of a zone's clocks ever moved them by more than a day; turns are looked for that much earlier.
LARGEST_CHANGE = timedelta(days=2)
DAYS_OF_A_TURN = {Rotation.DAYS: 1, Rotation.WEEKS: 7}


def handoffs(layer: LayerPlan, zone: ZoneInfo, *, since: datetime) -> Iterator[tuple[int, tuple[datetime, datetime]]]:
    """Yield number, start and end of the layer's turns in order, from the first or one that starts before ``since``."""
    if layer.rotation == Rotation.HOURS:
        length = timedelta(hours=layer.length)
        begins = instant(layer.starts_on, layer.handoff_time, zone)
        for number in count(max(0, (since - begins) // length)):
            yield number, (begins + number * length, begins + (number + 1) * length)
        return
    if layer.rotation == Rotation.MONTHS:
        yield from _monthly_handoffs(layer, zone, since=since)
        return
    days = DAYS_OF_A_TURN[layer.rotation] * layer.length
    first = layer.starts_on
    if layer.handoff_weekday is not None:
        first -= timedelta(days=(first.weekday() - layer.handoff_weekday) % 7)
    reached = (since - LARGEST_CHANGE).astimezone(UTC).date() - first
    number = max(0, reached.days // days)
    start = instant(first + timedelta(days=number * days), layer.handoff_time, zone)
    while True:
        number += 1
        end = instant(first + timedelta(days=number * days), layer.handoff_time, zone)
        yield number - 1, (start, end)
        start = end


def turn_at(layer: LayerPlan, at: datetime, *, zone: ZoneInfo) -> tuple[int, datetime, datetime]:
    """Return number, start and end of the turn that lasts at ``at``; before the layer starts it is the first, 0.

    ``zone`` is that of the roster.
    """
    turns = handoffs(layer, layer.zone or zone, since=at)
    return next((number, start, end) for number, (start, end) in turns if at < end)


def _monthly_handoffs(
    layer: LayerPlan, zone: ZoneInfo, *, since: datetime
) -> Iterator[tuple[int, tuple[datetime, datetime]]]:
    """The turns of months, handed over on the day of the month on which the layer starts, or the month's last day."""
    reached = (since - LARGEST_CHANGE).astimezone(UTC).date()
    months = (reached.year - layer.starts_on.year) * 12 + reached.month - layer.starts_on.month - 1
    number = max(0, months // layer.length)
    start = instant(months_after(layer.starts_on, number * layer.length), layer.handoff_time, zone)
    while True:
        number += 1
        end = instant(months_after(layer.starts_on, number * layer.length), layer.handoff_time, zone)
        yield number - 1, (start, end)
        start = end
