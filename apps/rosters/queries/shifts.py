"""Stored shifts: of a time, of somebody, of a seat. Plain reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet

from apps.rosters.models import Roster, Shift, ShiftSource
from apps.rosters.rules import Window
from apps.teams.models import Team, User
from apps.teams.queries import responders


def shifts_between(start: datetime, end: datetime, *, teams: Iterable[Team | int] | None = None) -> QuerySet[Shift]:
    """The shifts of which some part lies in [start, end), earliest first, with roster and person."""
    shifts = Shift.objects.filter(during__overlap=DateTimeTZRange(start, end))
    if teams is not None:
        shifts = shifts.filter(roster__team__in=teams)
    return shifts.select_related("roster", "person").order_by("during__startswith", "pk")


def my_shifts(person: User, at: datetime) -> QuerySet[Shift]:
    """The running and coming shifts of ``person`` as of ``at``, earliest first, with roster and team.

    What they have in a roster that stands in for another is among those of that one.
    """
    shifts = person.shifts.filter(during__endswith__gt=at, roster__stands_in_for=None)
    return shifts.select_related("roster__team").order_by("during__startswith", "pk")


def shifts_by_name(person: User, during: Window) -> QuerySet[Shift]:
    """The shifts for which ``person`` was put in by name, of which some part lies within ``during``, earliest first.

    Leave takes nobody off them. With roster and team; those of a roster that stands in are among those of the other.
    """
    theirs = person.shifts.filter(during__overlap=DateTimeTZRange(during.start, during.end), roster__stands_in_for=None)
    by_name = theirs.exclude(source=ShiftSource.LAYER)
    return by_name.select_related("roster__team").order_by("during__startswith", "pk")


def holds(roster: Roster, person: User, during: Window, *, seat: int) -> bool:
    """Whether ``person`` holds ``seat`` of ``roster`` for all of ``during``. One query."""
    reached = during.start
    theirs = roster.shifts.filter(person=person, seat=seat, during__overlap=DateTimeTZRange(during.start, during.end))
    for shift in theirs.order_by("during"):
        if shift.start > reached:
            return False
        reached = shift.end
    return reached >= during.end


def seats_of(roster: Roster, person: User, during: Window) -> list[int]:
    """The seats of ``roster`` that ``person`` holds at any time of ``during``, in order. One query."""
    theirs = roster.shifts.filter(person=person, during__overlap=DateTimeTZRange(during.start, during.end))
    return sorted(set(theirs.values_list("seat", flat=True)))


def teams_left_by(person: User, at: datetime) -> set[int]:
    """The ids of the teams in whose rosters ``person`` has shifts that are not over at ``at``, but cannot be on call.

    That is of whoever left, or lost their last role that responds. One query.
    """
    held = Shift.objects.filter(person=person, during__endswith__gt=at).exclude(person__in=responders())
    return set(held.order_by().values_list("roster__team", flat=True).distinct())
