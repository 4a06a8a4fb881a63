"""What came of a race."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.core import clock as house_clock
from apps.rosters.models import Roster
from tests.rosters.agreement import check_agreement

DAY = timedelta(days=1)


def agrees(*rosters: Roster) -> None:
    check_agreement(*rosters, until=house_clock.now() + 90 * DAY)


def holders(roster: Roster, start: datetime, end: datetime) -> set[int]:
    return set(roster.shifts.filter(during__overlap=(start, end)).values_list("person", flat=True))
