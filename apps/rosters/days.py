"""The days of which shifts and hours are told: which can be asked for, and the time in which they lie."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from apps.core.century import FIRST_DAY, LAST_DAY
from apps.core.errors import Invalid
from apps.rosters.rules import Window

#: Nobody asks for more at once.
LONGEST = timedelta(days=366)
#: No zone is further from UTC.
FURTHEST = timedelta(hours=14)
A_DAY = timedelta(days=1)


def check_days(first: date, last: date) -> None:
    """Raise Invalid, naming ``from`` or ``to``, where the days are in no order, too many, or no roster has such."""
    if first < FIRST_DAY or last > LAST_DAY:
        raise Invalid(f"Expected days from {FIRST_DAY} to {LAST_DAY}.", field="from" if first < FIRST_DAY else "to")
    if last < first:
        raise Invalid("The last day is not before the first.", field="to")
    if last - first >= LONGEST:
        raise Invalid(f"At most {LONGEST.days} days at once.", field="to")


def around(first: date, last: date) -> Window:
    """The time in which the days from ``first`` to ``last``, both included, lie in whichever zone."""
    begins, ends = (datetime.combine(day, time(0), UTC) for day in (first, last + A_DAY))
    return Window(begins - FURTHEST, ends + FURTHEST)
