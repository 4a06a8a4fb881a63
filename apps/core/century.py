"""The days between which everything lies that people enter: what lies beyond is a slip of the pen.

At the very ends of the calendar a moment is one in some zones only, and whoever looks at it from another sees no page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q

from apps.core.errors import Invalid

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
FIRST_MOMENT, LAST_MOMENT = datetime.combine(FIRST_DAY, time(0), UTC), datetime.combine(LAST_DAY, time(0), UTC)
_TOO_EARLY, _TOO_LATE = f"Expected a day from {FIRST_DAY} on.", f"Expected a day up to {LAST_DAY}."
MOMENTS: list[Callable[[Any], None]] = [
    MinValueValidator(FIRST_MOMENT, _TOO_EARLY),
    MaxValueValidator(LAST_MOMENT, _TOO_LATE),
]
DAYS: list[Callable[[Any], None]] = [MinValueValidator(FIRST_DAY, _TOO_EARLY), MaxValueValidator(LAST_DAY, _TOO_LATE)]


def check_moments(**said: datetime | None) -> None:
    """Raise Invalid, naming the first that is out of it, unless each of these moments lies within the century."""
    for field, moment in said.items():
        if moment is not None and moment < FIRST_MOMENT:
            raise Invalid(_TOO_EARLY, field=field)
        if moment is not None and moment > LAST_MOMENT:
            raise Invalid(_TOO_LATE, field=field)


def lies_within(field: str) -> Q:
    """That the range of moments ``field`` begins and ends within the century, or is not there: for a constraint."""
    inside = Q((f"{field}__startswith__gte", FIRST_MOMENT), (f"{field}__endswith__lte", LAST_MOMENT))
    return Q((field, None)) | inside


def is_within(field: str) -> Q:
    """That the moment ``field`` lies within the century, or is not there: for a constraint."""
    return Q((field, None)) | Q((f"{field}__range", (FIRST_MOMENT, LAST_MOMENT)))
