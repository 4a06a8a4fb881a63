"""Leave and other times at which somebody cannot be on call."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q, QuerySet

from apps.core import clock, events
from apps.core.century import check_moments
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.core.history import made_by
from apps.rosters.actions.leave import lock_for_leave
from apps.rosters.actions.shifts import materialise
from apps.rosters.actions.swaps import end_swaps_of
from apps.rosters.models import Absence, AbsenceKind
from apps.rosters.rules import Window
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import Membership, User
from apps.teams.queries import RESPONDING

ABSENCE_ADDED = "rosters.absence_added"
#: Whoever is away for longer is taken out of the layers.
_LONGEST = timedelta(days=366)


@transaction.atomic
def add_absence(
    person: User,
    *,
    start: datetime,
    end: datetime,
    by: User,
    kind: AbsenceKind = AbsenceKind.LEAVE,
    reason: str = "",
) -> Absence:
    """Take ``person`` off every roster from ``start`` to ``end``: the next in order who is there takes over.

    Overrides and swaps by name stay; what of their open swaps cannot be any more is answered. A start that has passed
    means now. Raises NotAllowed unless it is ``by`` themselves or ``by`` manages a team of theirs; Invalid, naming
    ``start`` or ``end``, for times that cannot be; RuleViolation where all of it is entered as of this kind already.
    """
    _require_may_plan(by, person)
    rosters = lock_for_leave(person)
    now = clock.now()
    check_absence(start, end, now=now)
    during = DateTimeTZRange(max(start, now), end)
    if person.absences.filter(kind=kind, during__contains=during).exists():
        raise RuleViolation(f"It is there already: {person} is away for all of that time.")
    absence = Absence(
        person=person,
        during=during,
        kind=kind,
        reason=reason,
        created_by=by,
        created_at=now,
    )
    made_by(absence, by)
    absence.save()
    for roster in rosters:
        materialise(roster, now=now)
    end_swaps_of(person, Window(absence.start, end), by=by, now=now)
    events.publish(ABSENCE_ADDED, absence)
    return absence


@transaction.atomic
def remove_absence(absence: Absence, *, by: User) -> None:
    """Take back what of ``absence`` is still to come: the person takes their turns again.

    Raises NotAllowed as ``add_absence`` does, RuleViolation once it is over or was taken back.
    """
    _require_may_plan(by, absence.person)
    rosters = lock_for_leave(absence.person)
    now = clock.now()
    stored = Absence.objects.filter(pk=absence.pk).first()
    if stored is None:
        raise RuleViolation("The absence was taken back already.")
    absence = stored
    if absence.end <= now:
        raise RuleViolation("The absence is over; there is nothing to take back.")
    made_by(absence, by)
    if absence.start < now:
        absence.during = DateTimeTZRange(absence.start, now)
        absence.save(update_fields=["during"])
    else:
        absence.delete()
    for roster in rosters:
        materialise(roster, now=now)


def check_absence(start: datetime, end: datetime, *, now: datetime) -> None:
    """Raise Invalid, naming the field, unless somebody may be away for that time: not over, and no slip of the pen."""
    check_moments(start=start, end=end)
    if end <= start:
        raise Invalid("An absence ends after it starts.", field="end")
    if end <= now:
        raise Invalid("An absence cannot end in the past.", field="end")
    if end - start > _LONGEST:
        raise Invalid(f"An absence lasts at most {_LONGEST.days} days.", field="end")


def people_planned_by(by: User) -> QuerySet[User]:
    """Whose leave ``by`` may enter and take back: their own, and that of whoever responds for a team they manage."""
    managed = access.team_ids(by, Permission.MANAGE)
    held = Membership.objects.filter(role__in=RESPONDING)
    theirs = Q(pk__in=held.filter(team__in=managed).values("person"))
    if managed:  # whoever administrates the organisation responds for every team
        theirs |= Q(pk__in=access.administrators().values("pk"))
    return User.objects.filter(Q(pk=by.pk) | theirs)


def _require_may_plan(by: User, person: User) -> None:
    teams = access.team_ids(person, Permission.RESPOND)
    if by != person and not teams & access.team_ids(by, Permission.MANAGE):
        raise NotAllowed(f"Only {person} and the managers of their teams say when they are away.")
