"""What stands on the emergency sheet, read while the database is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.loader import render_to_string

from apps.contacts import queries as contacts
from apps.contacts.models import EmergencyContact, ExternalContact
from apps.core import clock
from apps.core.zones import zone_or_utc
from apps.escalation.models import Policy
from apps.incidents.models import Severity
from apps.rosters.models import Roster, Shift

#: So far ahead the sheet says who is on call: a database may be away for a night.
AHEAD = timedelta(days=3)

#: Stands where the reader's own link belongs.
LINK = "@@LINK@@"


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's shift; times in the roster's zone. How else they are reached is their own, and not on the sheet."""

    roster: Roster
    name: str
    email: str
    start: datetime
    end: datetime
    is_now: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that one needs to reach somebody. ``at`` is when it was read, UTC."""

    at: datetime
    turns: list[Turn]
    chains: list[Policy]
    severities: list[Severity]
    internal: list[EmergencyContact]
    external: list[ExternalContact]


def read() -> Sheet:
    """The sheet as of now; a handful of queries, however long the tables are."""
    now = clock.now()
    return Sheet(
        at=now,
        turns=list(_turns(now)),
        chains=list(_chains()),
        severities=list(Severity.objects.order_by("rank")),
        internal=list(contacts.emergency_contacts()),
        external=list(contacts.external_contacts()),
    )


def render(sheet: Sheet) -> str:
    """The page, whole: it asks for no script, and for nothing but its style."""
    return render_to_string("operation/emergency.html", {"sheet": sheet, "link": LINK})


def _turns(now: datetime) -> Iterable[Turn]:
    shifts = Shift.objects.filter(roster__retired_at=None, during__overlap=(now, now + AHEAD), person__is_active=True)
    shifts = shifts.select_related("roster__team", "person").order_by(
        "roster__team__name", "roster__name", "during", "seat"
    )
    for shift in shifts:
        zone = zone_or_utc(shift.roster.time_zone)
        start, end = shift.during.lower, shift.during.upper
        yield Turn(
            roster=shift.roster,
            name=str(shift.person),
            email=shift.person.email,
            start=start.astimezone(zone),
            end=end.astimezone(zone),
            is_now=start <= now < end,
        )


def _chains() -> Iterable[Policy]:
    """Those that hold for everybody who has none of their own."""
    chains = Policy.objects.filter(team=None, service=None).select_related("severity").order_by("severity__rank")
    return chains.prefetch_related(
        "levels__targets__role", "levels__targets__contact", "levels__targets__person", "levels__targets__roster",
        "levels__targets__team", "levels__targets__webhook",
    )  # fmt: skip
