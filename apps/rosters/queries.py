"""Who is on call, who is next, and which shifts there are. Plain reads of stored shifts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.rosters.models import Roster, Shift
from apps.teams.models import Team, User


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who holds a seat of a roster, until when, and who else comes next. ``person`` is None while nobody does."""

    roster: Roster
    seat: int
    person: User | None
    start: datetime | None
    end: datetime | None
    next_person: User | None
    next_start: datetime | None

    @property
    def team(self) -> Team:
        """The team whose roster it is."""
        return self.roster.team


def rosters_at(at: datetime) -> QuerySet[Roster]:
    """The rosters that were in use at the instant ``at``."""
    return Roster.objects.filter(Q(retired_at__isnull=True) | Q(retired_at__gt=at))


def on_call(*, at: datetime, teams: Iterable[Team | int] | None = None, roster: Roster | None = None) -> list[OnCall]:
    """Who is on call at ``at`` in each roster in use then (of ``teams``, or just ``roster``), by team and roster name.

    One entry a seat that somebody holds, and one without a person for a roster that nobody holds. Next is the first
    shift of somebody else. Two queries, however many rosters there are.
    """
    rosters = rosters_at(at)
    if teams is not None:
        rosters = rosters.filter(team__in=teams)
    if roster is not None:
        rosters = rosters.filter(pk=roster.pk)
    rows = (
        rosters.select_related("team")
        .annotate(held=FilteredRelation("shifts", condition=Q(shifts__during__contains=at)))
        .annotate(held_id=F("held__pk"), next_id=Subquery(_next_shift(at).values("pk")[:1]))
        .order_by("team__name", "name", "held__seat")
    )
    found = list(rows)
    wanted = {pk for row in found for pk in (row.held_id, row.next_id) if pk is not None}
    shifts = Shift.objects.select_related("person").in_bulk(wanted)
    return [_entry(row, shifts.get(row.held_id), shifts.get(row.next_id)) for row in found]


def on_call_people(team: Team, at: datetime) -> list[User]:
    """Whom to page for ``team`` at ``at``: who holds a seat of its primary roster and is active, by seat. One query."""
    held = Shift.objects.filter(
        roster__in=rosters_at(at).filter(team=team, is_primary=True), during__contains=at, person__is_active=True
    )
    return _people(held)


def people_on(roster: Roster, at: datetime) -> list[User]:
    """Who holds a seat of ``roster`` at ``at`` and is active, by seat. One query."""
    held = Shift.objects.filter(
        roster__in=rosters_at(at).filter(pk=roster.pk), during__contains=at, person__is_active=True
    )
    return _people(held)


def next_people_on(roster: Roster, at: datetime) -> list[User]:
    """Who takes over next from whoever holds a seat of ``roster`` at ``at``, by seat, each once. Two queries.

    That is the first coming shift of somebody else who is active, for a seat that nobody holds the first of anybody;
    whoever holds a seat at ``at`` is next for no other.
    """
    held = list(Shift.objects.filter(roster__in=rosters_at(at).filter(pk=roster.pk), during__contains=at))
    holders = [shift.person_id for shift in held]
    coming = Shift.objects.filter(
        roster__in=rosters_at(at).filter(pk=roster.pk), during__startswith__gt=at, person__is_active=True
    ).exclude(person__in=holders)
    if held:
        coming = coming.filter(seat__in=[shift.seat for shift in held])
    firsts = coming.order_by("seat", "during__startswith").distinct("seat").select_related("person")
    return list({shift.person_id: shift.person for shift in firsts}.values())


def shifts_between(start: datetime, end: datetime, *, teams: Iterable[Team | int] | None = None) -> QuerySet[Shift]:
    """The shifts of which some part lies in [start, end), earliest first, with roster and person."""
    shifts = Shift.objects.filter(during__overlap=DateTimeTZRange(start, end))
    if teams is not None:
        shifts = shifts.filter(roster__team__in=teams)
    return shifts.select_related("roster", "person").order_by("during__startswith", "pk")


def my_shifts(person: User, at: datetime) -> QuerySet[Shift]:
    """The running and coming shifts of ``person`` as of ``at``, earliest first, with roster and team."""
    shifts = person.shifts.filter(during__endswith__gt=at)
    return shifts.select_related("roster__team").order_by("during__startswith", "pk")


def _next_shift(at: datetime) -> QuerySet[Shift]:
    """The first shift after ``at`` in the seat of the outer row by somebody else than who holds it."""
    return (
        Shift.objects.filter(
            roster=OuterRef("pk"), seat=Coalesce(OuterRef("held__seat"), Value(0)), during__startswith__gt=at
        )
        .exclude(person=Coalesce(OuterRef("held__person_id"), Value(0)))
        .order_by("during__startswith")
    )


def _entry(roster: Roster, held: Shift | None, following: Shift | None) -> OnCall:
    return OnCall(
        roster=roster,
        seat=held.seat if held else 0,
        person=held.person if held else None,
        start=held.start if held else None,
        end=held.end if held else None,
        next_person=following.person if following else None,
        next_start=following.start if following else None,
    )


def _people(shifts: QuerySet[Shift]) -> list[User]:
    return [shift.person for shift in shifts.select_related("person").order_by("seat")]
