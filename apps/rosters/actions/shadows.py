"""Who looks over the shoulder of whoever is on call: entered and taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock, events
from apps.core.century import check_moments
from apps.core.errors import Invalid, RuleViolation
from apps.core.history import made_by
from apps.rosters.actions.shifts import locked
from apps.rosters.models import Roster, Shadow
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

SHADOW_ADDED = "rosters.shadow_added"
#: Whoever learns for longer takes turns.
_LONGEST = timedelta(days=366)


@transaction.atomic
def add_shadow(
    roster: Roster,
    *,
    person: User,
    start: datetime,
    end: datetime,
    by: User,
    of: User | None = None,
    is_woken: bool = False,
) -> Shadow:
    """Let ``person`` see the pages of whoever is on call (or only of ``of``, while they are) from ``start`` to ``end``.

    A start that has passed means now. Raises NotAllowed unless ``by`` manages the roster's team, or responds for it
    and it is themselves; Invalid, naming ``user``, ``of``, ``start`` or ``end``, for somebody who may not see the
    team's incidents or is a shadow there within that time, and for times that cannot be; RuleViolation for a roster
    that is retired, or that stands in for another, whose pages are those of that one.
    """
    access.require_for_team(by, access.needed_for(by, person, roster.team), roster.team)
    roster = locked(roster)
    if roster.stands_in_for_id is not None:
        raise RuleViolation(f"{roster} stands in for another roster: be a shadow in that one.")
    now = clock.now()
    check_shadow(roster, person=person, of=of, start=start, end=end, now=now)
    during = DateTimeTZRange(max(start, now), end)
    shadow = Shadow(
        roster=roster, person=person, of=of, during=during, is_woken=is_woken, created_by=by, created_at=now
    )
    made_by(shadow, by)
    shadow.save()
    events.publish(SHADOW_ADDED, shadow)
    return shadow


@transaction.atomic
def remove_shadow(shadow: Shadow, *, by: User) -> None:
    """Take back what of it is still to come; until now it stays on the record.

    Whoever is one may always. Raises NotAllowed unless ``by`` is, or manages the roster's team; RuleViolation once it
    is over.
    """
    if shadow.person_id != by.pk:
        access.require_for_team(by, Permission.MANAGE, shadow.roster.team)
    found = Shadow.objects.select_for_update(no_key=True).filter(pk=shadow.pk).first()
    now = clock.now()
    if found is None or found.end <= now:
        raise RuleViolation("It is over; there is nothing to take back.")
    made_by(found, by)
    if found.start < now:
        found.during = DateTimeTZRange(found.start, now)
        found.save(update_fields=["during"])
    else:
        found.delete()


def check_shadow(
    roster: Roster, *, person: User, of: User | None, start: datetime, end: datetime, now: datetime
) -> None:
    """Raise Invalid, naming the field as ``add_shadow`` does, unless ``person`` may be a shadow there for that time."""
    _check_times(start, end, now=now)
    _check_people(roster, person, of)
    if roster.shadows.filter(person=person, during__overlap=DateTimeTZRange(max(start, now), end)).exists():
        raise Invalid(f"{person} is a shadow in {roster} within that time already.", field="user")


def _check_times(start: datetime, end: datetime, *, now: datetime) -> None:
    check_moments(start=start, end=end)
    if end <= start:
        raise Invalid("It ends after it starts.", field="end")
    if end <= now:
        raise Invalid("It cannot end in the past.", field="end")
    if end - max(start, now) > _LONGEST:
        raise Invalid(f"Somebody is a shadow for at most {_LONGEST.days} days.", field="end")


def _check_people(roster: Roster, person: User, of: User | None) -> None:
    if not person.is_active:
        raise Invalid(f"{person} is no longer active.", field="user")
    if roster.team_id not in access.team_ids(person, Permission.VIEW):
        raise Invalid(f"{person} may not see the incidents of the team {roster.team}.", field="user")
    if of is not None and of == person:
        raise Invalid("Nobody is a shadow of themselves.", field="of")
    if of is not None and not of.is_active:
        raise Invalid(f"{of} is no longer active.", field="of")
