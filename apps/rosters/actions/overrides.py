"""People who stand in for whoever the layers say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.core.errors import Invalid, RuleViolation
from apps.core.history import made_by
from apps.rosters import queries, rules
from apps.rosters.actions.leave import hold_leave_of
from apps.rosters.actions.shifts import locked, materialise
from apps.rosters.coverage import Seats
from apps.rosters.coverage.reading import seats_over_time
from apps.rosters.coverage.seats import at_least
from apps.rosters.models import Override, Roster, Shift
from apps.rosters.rules import FIRST_SEAT, Window, outside
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User


@transaction.atomic
def add_override(
    roster: Roster, *, person: User, start: datetime, end: datetime, by: User, reason: str = "", seat: int = 0
) -> Override:
    """Put ``person`` in the seat from ``start`` to ``end``, whatever layers and earlier overrides say.

    A start that has passed means now: the past is not rewritten. Raises NotAllowed unless ``by`` manages the
    roster's team, or responds for it and stands in themselves; Invalid, naming ``start``, ``end``, ``user`` or
    ``seat``, for times that ``rules.check_override`` refuses, a person who cannot stand in or holds another seat then,
    and a seat that there is not for all of that time; RuleViolation for a retired roster.
    """
    override = enter_override(roster, person=person, start=start, end=end, by=by, reason=reason, seat=seat)
    materialise(override.roster, now=override.created_at)
    return override


@transaction.atomic
def take_shift(shift: Shift, *, by: User) -> Override:
    """Put ``by`` in for the rest of ``shift``. Raises as ``add_override`` does, and RuleViolation if they are away."""
    override = enter_override(
        shift.roster, person=by, start=shift.start, end=shift.end, seat=shift.seat, by=by, reason="Taken over"
    )
    hold_leave_of([by.pk])
    if queries.is_away(by, Window(override.start, override.end)):
        raise RuleViolation("You are away then: take your leave back first, or let somebody else take it.")
    materialise(override.roster, now=override.created_at)
    return override


@transaction.atomic
def enter_override(
    roster: Roster,
    *,
    person: User,
    start: datetime,
    end: datetime,
    by: User,
    reason: str = "",
    seat: int = 0,
    fills_every_seat: bool = False,
) -> Override:
    """What ``add_override`` does, but for the shifts: whoever enters many fills them once, in the same transaction.

    ``fills_every_seat``: every seat is given away for that time, so that it does not matter who holds another one.
    """
    access.require_for_team(by, access.needed_for(by, person, roster.team), roster.team)
    roster = locked(roster)
    now = clock.now()
    check_stands_in(person)
    rules.check_override(start, end, now=now, horizon=settings.ROSTER_HORIZON)
    check_seat(roster, seat, seats=queries.seats([roster], now)[roster.pk])
    during = DateTimeTZRange(max(start, now), end)
    if not fills_every_seat:
        check_one_seat(roster, person, during, seat=seat)
    return put_in(roster, person=person, during=during, by=by, reason=reason, seat=seat, now=now)


def put_in(
    roster: Roster, *, person: User, during: DateTimeTZRange, by: User, reason: str, seat: int, now: datetime
) -> Override:
    """Save an override of which everything was checked, in ``roster``, which is locked; shifts are filled after it."""
    override = Override(
        roster=roster,
        seat=seat,
        person=person,
        during=during,
        reason=reason,
        created_by=by,
        created_at=now,
    )
    made_by(override, by)
    override.save()
    return override


def check_stands_in(person: User, *, responds: bool | None = None, field: str = "user") -> None:
    """Raise Invalid, naming ``field``, for somebody who left, or who could not answer the page they would get.

    ``responds``: whether they respond for some team, where that is known; else they are asked.
    """
    if not person.is_active:
        raise Invalid(f"{person} is no longer active.", field=field)
    if not (access.team_ids(person, Permission.RESPOND) if responds is None else responds):
        raise Invalid(f"{person} responds for no team and cannot be on call.", field=field)


def check_seat(roster: Roster, seat: int, *, seats: int) -> None:
    """Raise Invalid, naming ``seat``, for one that ``roster`` does not have: it has so many ``seats``."""
    if not 0 <= seat < seats:
        raise Invalid(f"{roster} has {seats} seat{'' if seats == 1 else 's'}.", field="seat")


def check_one_seat(roster: Roster, person: User, during: DateTimeTZRange, *, seat: int) -> None:
    """Raise Invalid where ``person`` cannot have ``seat`` of ``roster`` for all of ``during``.

    It names ``seat`` where there is no such seat at some time of it, ``user`` where they hold another one.
    """
    if seat != FIRST_SEAT:
        window = Window(during.lower, during.upper)
        check_seat_lasts(roster, seat, window, seats=seats_over_time([roster.pk], window)[roster.pk])
    if roster.shifts.filter(person=person, during__overlap=during).exclude(seat=seat).exists():
        raise Invalid(in_another_seat(roster, person), field="user")


def check_seat_lasts(roster: Roster, seat: int, during: Window, *, seats: Iterable[Seats]) -> None:
    """Raise Invalid, naming ``seat``, where ``roster``, which has ``seats``, is without that one within ``during``."""
    if seat != FIRST_SEAT and any(True for _ in outside([during], at_least(seats, seat + 1))):
        raise Invalid(f"{roster} does not have seat {seat + 1} for all of that time.", field="seat")


def in_another_seat(roster: Roster, person: User) -> str:
    """Why ``person`` is not put into a seat of ``roster``: nobody holds two at once."""
    return f"{person} is on call for {roster} within that time already, in another seat."


@transaction.atomic
def remove_override(override: Override, *, by: User) -> None:
    """Take back what of ``override`` is still to come; who was on call until now stays on the record.

    Raises NotAllowed unless ``by`` manages the roster's team, or responds for it and is the one who stands in;
    RuleViolation once the override is over or was taken back, or where it carries out a swap, of which it is only one
    half.
    """
    team = override.roster.team
    access.require_for_team(by, access.needed_for(by, override.person, team), team)
    roster = locked(override.roster)
    now = clock.now()
    if not roster.overrides.filter(pk=override.pk).exists():
        raise RuleViolation("The override was taken back already.")
    if override.end <= now:
        raise RuleViolation("The override is over; there is nothing to take back.")
    if override.swap_id is not None:
        raise RuleViolation("It carries out a swap: swap back, or put in another override.")
    made_by(override, by)
    override.delete()
    materialise(roster, now=now)
