"""Somebody who leaves is replaced: in the turns that they take, and where they stand in for others."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from apps.core import clock
from apps.core.errors import RuleViolation
from apps.rosters.actions.checks import check_layers_move
from apps.rosters.actions.layers import set_people
from apps.rosters.actions.overrides import add_override, remove_override
from apps.rosters.actions.shifts import locked, materialise
from apps.rosters.models import Roster
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User


@transaction.atomic
def replace_in_turns(roster: Roster, person: User, *, to: User, by: User) -> None:
    """Let ``to`` take the turns of ``person`` from now on, in their place of each layer that goes on.

    Whoever takes turns in the same layer already keeps their own place alone. Raises NotAllowed unless ``by`` manages
    the team; Invalid, naming ``people``, if ``to`` could not answer a page; RuleViolation for a roster that is retired
    or frozen, and where only a calendar names ``person``.
    """
    access.require_for_team(by, Permission.MANAGE, roster.team)
    roster, now = locked(roster), clock.now()
    check_layers_move(roster, now=now)
    goes_on = Q(ends_on=None) | Q(ends_on__gte=now.date())
    layers = list(
        roster.layers.filter(goes_on, members__person=person, calendar=None).prefetch_related("members__person")
    )
    if not layers:
        raise RuleViolation(f"No layer of {roster} names {person}. What a calendar says is changed in the calendar.")
    for layer in layers:
        people = [member.person for member in layer.members.all()]
        set_people(layer, list(dict.fromkeys(to if each == person else each for each in people)), by=by)
    materialise(roster, now=now)


@transaction.atomic
def replace_in_overrides(roster: Roster, person: User, *, to: User, by: User) -> None:
    """Let ``to`` stand in wherever ``person`` was to do so from now on. Raises as ``add_override`` does."""
    coming = roster.overrides.filter(person=person, during__endswith__gt=clock.now())
    for override in coming.order_by("during__startswith", "pk"):
        start, end, seat = override.start, override.end, override.seat
        remove_override(override, by=by)
        add_override(roster, person=to, start=start, end=end, seat=seat, by=by, reason="Handed over")
