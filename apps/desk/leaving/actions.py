"""Hands over what somebody who leaves, or left, leaves a hole in."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.core.errors import HouseError, NotAllowed, RuleViolation
from apps.desk.leaving.holes import Hole, holes_of
from apps.teams import access
from apps.teams import actions as teams
from apps.teams.access import Permission
from apps.teams.models import User


class NotTakenOver(RuleViolation):
    """Nothing was handed over: ``reasons`` says why not, by the key of the hole."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("Nothing was handed over.")
        self.reasons = reasons


def shown_to(viewer: User, person: User) -> list[Hole]:
    """The holes of ``person`` that ``viewer`` hands over: all for administrators, else those of teams they manage.

    Of somebody who is still here administrators alone see any.
    """
    if access.is_administrator(viewer):
        return holes_of(person)
    managed = access.team_ids(viewer, Permission.MANAGE)
    if person.is_active or not managed:
        return []
    return [hole for hole in holes_of(person) if hole.team is not None and hole.team.pk in managed]


@transaction.atomic
def hand_over(person: User, successors: Mapping[str, User], *, leaves: bool, by: User) -> int:
    """Let each of ``successors`` take over the hole of that key, and return how many did; all of it or nothing.

    With ``leaves`` ``person`` is deactivated after it, so that nothing is without anybody in between. Raises
    NotTakenOver; NotAllowed and RuleViolation where ``person`` may not be deactivated.
    """
    if leaves and not access.is_administrator(by):
        raise NotAllowed("People are deactivated by administrators.")
    if leaves:
        teams.lock_administrators()  # before any roster, as everybody takes it
    reasons: dict[str, str] = {}
    taken = 0
    for hole in shown_to(by, person):
        successor = successors.get(hole.key)
        if successor is None or hole.hand_over is None:
            continue
        if (reason := _refusal(hole, to=successor, by=by)) is not None:
            reasons[hole.key] = reason
        taken += 1
    if reasons:
        raise NotTakenOver(reasons)
    if leaves:
        teams.deactivate(person)
    return taken


def _refusal(hole: Hole, *, to: User, by: User) -> str | None:
    """Why the hole was not handed over; None where it was."""
    try:
        with transaction.atomic():
            if hole.hand_over is not None:
                hole.hand_over(to=to, by=by)
    except HouseError as failure:
        return str(failure)
    except ValidationError as failure:
        return " ".join(failure.messages)
    except IntegrityError:
        return f"{to} cannot take this as things are: somebody else holds it, or holds it twice."
    return None
