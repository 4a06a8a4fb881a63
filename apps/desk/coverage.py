"""Coverage as page, command and API tell it: of which rosters, on which days, sorted how; and the hours for pay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse

from apps.catalog.queries import active_services
from apps.core import clock
from apps.core.downloads import csv_file
from apps.core.errors import Invalid
from apps.escalation import exposure
from apps.escalation.exposure import Exposed
from apps.notifications import coverage
from apps.notifications.coverage import Coverage
from apps.notifications.queries import PagesReceived
from apps.rosters.coverage import PayLine, PersonCoverage, Share, pay
from apps.rosters.exports import teams_of
from apps.rosters.models import Roster
from apps.rosters.rules import Window
from apps.rosters.tables import write_table
from apps.teams.models import Team, User

DAYS = 90
_HOUR = timedelta(hours=1)

PAY_COLUMNS = (
    "name", "email", "time_zone", "holidays_of", "from", "to", "total_hours", "ordinary_hours", "night_hours",
    "weekend_hours", "holiday_hours", "nights",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """How rosters are covered, and the services of their teams that have nobody to page at this moment."""

    coverage: Coverage
    exposed: list[Exposed]


@dataclass(frozen=True, slots=True)
class Load:
    """What being on call asks of a person, the pages that they received, and where they bear more than the others."""

    of: PersonCoverage
    pages: PagesReceived
    shares: list[tuple[Roster, Share[User]]]


def longest() -> int:
    """So many days ahead shifts are sure to be planned: the horizon, but for the day on which it moves on."""
    return settings.ROSTER_HORIZON.days - 1


def check_days(days: int) -> None:
    """Raise Invalid, naming ``days``, for a number of days that cannot be looked ahead."""
    if not 1 <= days <= longest():
        raise Invalid(
            f"Expected 1 to {longest()} days: shifts are planned {settings.ROSTER_HORIZON.days} days ahead.",
            field="days",
        )


def find(rosters: QuerySet[Roster], teams: Iterable[Team | int], *, days: int) -> Found:
    """How ``rosters`` are covered in the next ``days`` days, and what of the services of ``teams`` has nobody to page.

    Raises Invalid as ``check_days`` does.
    """
    check_days(days)
    now = clock.now()
    return Found(
        coverage=coverage.of(rosters, Window(now, now + timedelta(days=days))),
        exposed=exposure.exposed(active_services().filter(team__in=teams)),
    )


def loads(found: Coverage) -> list[Load]:
    """The load of everybody in the rosters, by name."""
    shares: dict[int, list[tuple[Roster, Share[User]]]] = {}
    for each in found.report.rosters:
        for share in each.shares:
            shares.setdefault(share.person.pk, []).append((each.roster, share))
    return [Load(each, found.pages_of(each.person), shares.get(each.person.pk, [])) for each in found.report.people]


#: By what the table of loads is sorted, the most first; by name where somebody chose nothing.
SORTS = {
    "name": "Name",
    "hours": "Hours",
    "nights": "Nights",
    "weekends": "Weekend hours",
    "holidays": "Holiday hours",
    "pages": "Pages",
    "pages_at_night": "Pages at night",
}


def sorted_loads(listed: Sequence[Load], by: str) -> list[Load]:
    """``listed``, which is by name, with the largest first; whoever has the same stays by name."""
    return list(listed) if by == "name" else sorted(listed, key=lambda load: _amount(load, by), reverse=True)


def pay_csv(lines: Iterable[PayLine], *, first: date, last: date) -> str:
    """The hours of each person as CSV with a header, in hours of two decimals; no cell reads as a formula."""
    return write_table(PAY_COLUMNS, (_pay_row(line, first, last) for line in lines))


def pay_file(rosters: QuerySet[Roster], *, first: date, last: date, by: User) -> HttpResponse:
    """``pay_csv`` of ``rosters`` as a file to take away. Raises Invalid as ``rosters.coverage.pay`` does."""
    text = pay_csv(pay(rosters, first=first, last=last), first=first, last=last)
    return csv_file(text, f"on-call-hours-{first}-to-{last}.csv", by=by, teams=teams_of(rosters))


def _amount(load: Load, by: str) -> timedelta | int:
    match by:
        case "hours":
            return load.of.hours.total
        case "nights":
            return load.of.nights
        case "weekends":
            return load.of.hours.weekend
        case "holidays":
            return load.of.hours.holiday
        case "pages":
            return load.pages.received
        case _:
            return load.pages.at_night


def _pay_row(line: PayLine, first: date, last: date) -> Iterator[str]:
    person, hours = line.person, line.hours
    yield from (person.name, person.email, person.time_zone, person.holidays_of, first.isoformat(), last.isoformat())
    for length in (hours.total, hours.ordinary, hours.night, hours.weekend, hours.holiday):
        yield f"{length / _HOUR:.2f}"
    yield str(line.nights)
