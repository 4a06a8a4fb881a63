"""Hands over what somebody who leaves, or left, leaves a hole in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.audit.models import Entry
from apps.core import clock, locks
from apps.core.audited import Act, note
from apps.core.errors import HouseError, NotAllowed, RuleViolation
from apps.desk.leaving.holes import Hole, holes_of
from apps.teams import access
from apps.teams import actions as teams
from apps.teams.access import Permission
from apps.teams.models import User

#: Whoever has had the page open for longer sees what there is now.
LATELY = timedelta(hours=12)
#: So many seconds it waits for others.
PATIENCE = 5.0


class NotTakenOver(RuleViolation):
    """Nothing was handed over: ``reasons`` says why not, by the key of the hole, which may be filled by now."""

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
    theirs = [hole for hole in holes_of(person) if hole.team is not None and hole.team.pk in managed]
    return [replace(hole, hand_over=None) if hole.is_for_administrators else hole for hole in theirs]


@locks.patiently(PATIENCE)
def hand_over(person: User, successors: Mapping[str, User], *, leaves: bool, by: User) -> int:
    """Let each of ``successors`` take over the hole of that key, and return how many did; all of it or nothing.

    With ``leaves`` ``person`` is deactivated after it, so that nothing is without anybody in between. Of two at once
    the second is told what the first one did. Raises NotTakenOver; NotAllowed and RuleViolation where ``person`` may
    not be deactivated; Busy where somebody else changes the same.
    """
    if leaves and not access.is_administrator(by):
        raise NotAllowed("People are deactivated by administrators.")
    if leaves:
        teams.lock_administrators()  # before any roster, as everybody takes it
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=person.pk)
    holes = {hole.key: hole for hole in shown_to(by, person) if hole.hand_over is not None}
    reasons = {key: _filled_by(person, key, viewer=by) for key in successors if key not in holes}
    for key, hole in holes.items():
        if key in successors and (reason := _refusal(hole, to=successors[key], by=by)) is not None:
            reasons[key] = reason
    if reasons:
        raise NotTakenOver(reasons)
    for key, successor in successors.items():
        _note(person, holes[key], to=successor, by=by)
    if leaves:
        teams.deactivate(person)
    return len(successors)


def _note(person: User, hole: Hole, *, to: User, by: User) -> None:
    """Write down who takes the hole over."""
    of = (hole.team.pk,) if hole.team is not None else ()
    words = "Gave to somebody else what they held"
    note(Act.HANDED_OVER, words, by=by, about=person, teams=of, held=hole.key, person=to.pk)


def were_handed_over(person: User, keys: Collection[str] | None, *, viewer: User) -> bool:
    """Whether holes that ``viewer`` might have handed over were filled lately: of those keys, or (None) of any."""
    given = _given_lately(person, viewer)
    return (given if keys is None else given.filter(data__held__in=list(keys))).exists()


def _given_lately(person: User, viewer: User) -> QuerySet[Entry]:
    given = Entry.objects.filter(
        act=Act.HANDED_OVER, about_table=person._meta.db_table, about_row=str(person.pk), at__gt=clock.now() - LATELY
    )
    if access.is_administrator(viewer):
        return given
    return given.filter(teams__overlap=sorted(access.team_ids(viewer, Permission.MANAGE)))


def _filled_by(person: User, key: str, *, viewer: User) -> str:
    """Why there is no hole of that key, or none any more."""
    last = _given_lately(person, viewer).filter(data__held=key).select_related("by").order_by("pk").last()
    if last is None:
        return "Nobody has to take this over any more."
    to = User.objects.filter(pk=last.data["person"]).first()
    return f"{last.by} gave this to {to} meanwhile."


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
