"""Follows the rights of people: whoever can be on call no more holds nothing from then on."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from apps.core import clock, events
from apps.rosters import queries
from apps.rosters.actions.leave import lock_for_leave
from apps.rosters.actions.shifts import materialise
from apps.rosters.actions.swaps import end_swaps_of
from apps.rosters.models import Shift
from apps.rosters.rules import Window
from apps.teams.models import User

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

    A running shift of whoever can be on call no more ends now, coming ones go, and nobody takes over by themselves; of
    their open swaps those end that cannot be any more. What is over stays. Whoever comes back holds again what layers
    and overrides say.
    """
    now = clock.now()
    lost = queries.teams_left_by(person, now)
    held_in = Shift.objects.filter(person=person, during__endswith__gt=now).order_by().values_list("roster", flat=True)
    for roster in lock_for_leave(person, also=set(held_in)):
        materialise(roster)
    end_swaps_of(person, Window(now, _FOR_EVER), by=person, now=now)
    if lost:
        events.publish(SHIFTS_LOST, ShiftsLost(person, lost))
