"""Local wall times as instants, on the days when the clocks change too (design, "Shifts are rows"), and months."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which clocks in ``zone`` show ``wall`` on ``day``.

    A wall time that comes twice means its first; one that does not exist means the first instant after it, which is
    when the clocks were put forward.
    """
    local = datetime.combine(day, wall.replace(fold=0) if wall.fold else wall, tzinfo=zone)
    later = local.replace(fold=1)
    offset, then = cast("timedelta", local.utcoffset()), cast("timedelta", later.utcoffset())
    if then <= offset:  # only where the clocks go forward the second reading of a wall time lies further east
        return local.astimezone(UTC)
    return _change_between(later.astimezone(UTC), local.astimezone(UTC), zone)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of the month where that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant in (before, after] from which ``zone`` has another offset than at ``before``; to the second."""
    offset = before.astimezone(zone).utcoffset()
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
