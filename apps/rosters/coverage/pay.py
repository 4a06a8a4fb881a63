"""What people were, or will be, on call for within some days, for who pays them: hours by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet

from apps.core.errors import Invalid
from apps.core.walltime import instant
from apps.core.zones import zone_or_utc
from apps.rosters.coverage import reading, windows
from apps.rosters.coverage.hours import Hours
from apps.rosters.coverage.report import almanac_of
from apps.rosters.models import Roster
from apps.rosters.models.rosters import FIRST_DAY, LAST_DAY
from apps.rosters.rules import Window
from apps.teams.models import User

#: Nobody is paid for longer at once.
LONGEST = timedelta(days=366)
#: No zone is further from UTC.
FURTHEST = timedelta(hours=14)

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PayLine:
    """The hours of one person; their nights are those of which three hours or more were theirs."""

    person: User
    hours: Hours
    nights: int


def pay(rosters: QuerySet[Roster], *, first: date, last: date) -> list[PayLine]:
    """The hours on call in ``rosters``, retired ones included, from ``first`` to ``last``, both included, by name.

    Days, nights, weekends and public holidays are those of each person's own zone and country; what is held twice at
    the same time counts once. Three queries. Raises Invalid, naming ``from`` or ``to``, where the last day lies before
    the first or further from it than LONGEST, or no roster can have such days.
    """
    if first < FIRST_DAY or last > LAST_DAY:
        raise Invalid(f"Expected days from {FIRST_DAY} to {LAST_DAY}.", field="from" if first < FIRST_DAY else "to")
    if last < first:
        raise Invalid("The last day is not before the first.", field="to")
    if last - first >= LONGEST:
        raise Invalid(f"At most {LONGEST.days} days at once.", field="to")
    turns: dict[int, list[Window]] = defaultdict(list)
    for of_roster in reading.turns_of(list(rosters), _around(first, last)).values():
        for person, held in of_roster.items():
            turns[person] += held
    people = User.objects.in_bulk(turns)
    found = [line for pk, person in people.items() for line in _line(person, turns[pk], first, last)]
    return sorted(found, key=lambda line: (str(line.person).lower(), line.person.pk))


def _line(person: User, turns: list[Window], first: date, last: date) -> Iterator[PayLine]:
    zone = zone_or_utc(person.time_zone)
    paid = Window(instant(first, time(0), zone), instant(last + _A_DAY, time(0), zone))
    held = windows.within(windows.merged(turns), paid)
    if held:
        almanac = almanac_of(person.time_zone, person.holidays_of, paid)
        yield PayLine(person, almanac.hours(held), len(almanac.nights(held)))


def _around(first: date, last: date) -> Window:
    """The time in which the days lie, in whichever zone."""
    begins, ends = (datetime.combine(day, time(0), UTC) for day in (first, last + _A_DAY))
    return Window(begins - FURTHEST, ends + FURTHEST)
