"""What people were, or will be, on call for within some days, for who pays them: hours by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from django.db.models import QuerySet

from apps.core.walltime import instant
from apps.core.zones import zone_or_utc
from apps.rosters.coverage import reading, windows
from apps.rosters.coverage.hours import Hours
from apps.rosters.coverage.report import almanac_of
from apps.rosters.days import A_DAY, around, check_days
from apps.rosters.models import Roster
from apps.rosters.rules import Window, merged
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class PayLine:
    """The hours of one person; their nights are those of which three hours or more were theirs."""

    person: User
    hours: Hours
    nights: int


def pay(rosters: QuerySet[Roster], *, first: date, last: date) -> list[PayLine]:
    """The hours on call in ``rosters``, retired ones included, from ``first`` to ``last``, both included, by name.

    Days, nights, weekends and public holidays are those of each person's own zone and country; what is held twice at
    the same time counts once. Three queries. Raises Invalid, naming ``from`` or ``to``, for days that ``check_days``
    refuses.
    """
    check_days(first, last)
    turns: dict[int, list[Window]] = defaultdict(list)
    for of_roster in reading.turns_of(list(rosters), around(first, last)).values():
        for person, held in of_roster.items():
            turns[person] += held
    people = User.objects.in_bulk(turns)
    found = [line for pk, person in people.items() for line in _line(person, turns[pk], first, last)]
    return sorted(found, key=lambda line: (str(line.person).lower(), line.person.pk))


def _line(person: User, turns: list[Window], first: date, last: date) -> Iterator[PayLine]:
    zone = zone_or_utc(person.time_zone)
    paid = Window(instant(first, time(0), zone), instant(last + A_DAY, time(0), zone))
    held = windows.within(merged(turns), paid)
    if held:
        almanac = almanac_of(person.time_zone, person.holidays_of, paid)
        yield PayLine(person, almanac.hours(held), len(almanac.nights(held)))
