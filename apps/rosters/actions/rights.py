"""Follows the rights of people: whoever can be on call no more holds nothing from then on."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Q

from apps.core import clock, events
from apps.rosters import queries, turn_taking
from apps.rosters.actions.leave import lock_alone
from apps.rosters.actions.shifts import materialise
from apps.rosters.actions.swaps import end_swaps_of
from apps.rosters.models import Override, Roster, Shift
from apps.rosters.rules import Window
from apps.teams.models import User
from apps.teams.queries import responders

#: Published with a ShiftsLost when somebody can be on call no more.
SHIFTS_LOST = "rosters.shifts_lost"
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ShiftsLost:
    """``person`` can be on call no more and held shifts in the rosters of ``teams``, by their ids."""

    person: User
    teams: Set[int]


@transaction.atomic
def follow_rights(person: User) -> None:
    """Let ``person``, who was given or lost a role, or left, hold what they can: all that is theirs, or nothing.

    A running shift of whoever can be on call no more ends now, coming ones go, and nobody takes over by themselves;
    their open swaps end. What is over stays. Whoever comes back holds again what layers and overrides say. Where
    nothing of that is to do no roster is touched.
    """
    rosters = lock_alone(person, concerned=_held_otherwise)
    now = clock.now()
    lost = queries.teams_left_by(person, now)
    for roster in rosters:
        materialise(roster, now=now)
    if not _can_be_on_call(person):
        end_swaps_of(person, Window(now, _FOR_EVER), by=person, now=now)
    if lost:
        events.publish(SHIFTS_LOST, ShiftsLost(person, lost))


def _held_otherwise(person: User) -> set[int]:
    """The ids of the rosters of which ``person`` holds something though they cannot, or nothing though they could.

    With those that these stand in for; and of whoever cannot those with an open swap of theirs.
    """
    now = clock.now()
    held = Shift.objects.filter(person=person, during__endswith__gt=now).order_by().values("roster")
    if not _can_be_on_call(person):
        asked = queries.open_swaps_of(person, now).order_by().values_list("roster", flat=True)
        return queries.with_stood_for(Roster.objects.filter(pk__in=held)).union(asked)
    by_name = Override.objects.filter(person=person, during__endswith__gt=now).order_by().values("roster")
    theirs = Roster.objects.filter(turn_taking.has_turns_of(person) | Q(pk__in=by_name), retired_at=None)
    return queries.with_stood_for(theirs.exclude(pk__in=held).distinct())


def _can_be_on_call(person: User) -> bool:
    return responders().filter(pk=person.pk).exists()
