"""A roster written as one whole, with its layers: made, or changed where it differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.core.errors import Conflict, RuleViolation
from apps.core.history import made_by
from apps.rosters import queries
from apps.rosters.actions.calendars import plan_reading
from apps.rosters.actions.checks import check_layers_move, check_primary, check_standing_in
from apps.rosters.actions.gaps import GapWatch, NamedGap, refusing_gaps
from apps.rosters.actions.layers import LayerEntry, write_layers
from apps.rosters.actions.shifts import lock, materialise
from apps.rosters.models import Roster, Shift
from apps.rosters.versions import version_of
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

#: Of so much is said what a change would make of it.
LOOKED_AHEAD = timedelta(weeks=6)
#: The fields of a roster that stand still with its layers.
_OF_THE_LAYERS = frozenset({"time_zone", "holidays_of"})


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a change would make: the shifts of LOOKED_AHEAD from now on, and the gaps that there are not yet."""

    shifts: list[Shift]
    gaps: list[NamedGap]


@transaction.atomic
def create_roster(
    fields: Mapping[str, Any], *, layers: Sequence[LayerEntry] = (), by: User, accept_gaps: bool = False
) -> Roster:
    """Return a new roster of ``fields``, with ``layers`` (see ``write_layers``), and its shifts filled from now on.

    ``stands_in_from`` and ``stands_in_until`` are among the fields. Raises NotAllowed unless ``by`` manages the team;
    and that of a roster that it is to stand in for; Invalid and ValidationError, naming the field, for what cannot be;
    LeavesGap where a primary roster would leave times at which nobody is on call, or another one makes them where it
    stands in, unless ``accept_gaps``.
    """
    access.require_for_team(by, Permission.MANAGE, fields["team"])
    concerned = queries.with_stood_for([fields.get("stands_in_for")])
    watch = GapWatch(concerned, by=by)
    roster = Roster()
    _write_fields(roster, _as_they_are(fields, lock(concerned)), by=by)
    write_layers(roster, layers, by=by)
    materialise(roster, now=clock.now())
    if not accept_gaps:
        watch.refuse(watch.made(new=roster), ())
    return roster


@transaction.atomic
def change_roster(
    roster: Roster,
    changes: Mapping[str, Any],
    *,
    layers: Sequence[LayerEntry] | None = None,
    version: str = "",
    by: User,
    accept_gaps: bool = False,
) -> list[NamedGap]:
    """Make of ``roster`` what ``changes`` say of its fields, and ``layers``, unless None, of all its layers.

    Return the gaps that it made. What stays the same is not written, who was on call before now stays on the record.
    Raises NotAllowed unless ``by`` manages the team; Conflict for a ``version`` that is not the roster's any more;
    Invalid and ValidationError, naming the field; RuleViolation for a retired roster, and for a change of layers, zone
    or holidays while it is frozen; LeavesGap unless ``accept_gaps``.
    """
    access.require_for_team(by, Permission.MANAGE, roster.team)
    concerned = queries.with_stood_for([roster, changes.get("stands_in_for")])
    with refusing_gaps(concerned, by=by, accepts_all=accept_gaps) as gaps:
        _change(roster, changes, layers=layers, version=version, by=by, concerned=concerned)
    return gaps


def outlook(
    roster: Roster, changes: Mapping[str, Any], *, layers: Sequence[LayerEntry] | None, version: str = "", by: User
) -> Outlook:
    """What ``change_roster`` would make; nothing is saved. Raises as it does, but for the gaps, which are told."""
    with transaction.atomic():
        gaps = change_roster(roster, changes, layers=layers, version=version, by=by, accept_gaps=True)
        now = clock.now()
        shifts = list(queries.shifts_between(now, now + LOOKED_AHEAD).filter(roster=roster))
        transaction.set_rollback(True)
    return Outlook(shifts, gaps)


def _change(
    roster: Roster,
    changes: Mapping[str, Any],
    *,
    layers: Sequence[LayerEntry] | None,
    version: str,
    by: User,
    concerned: Iterable[int],
) -> None:
    """Write what differs, of the roster and of its layers, and fill the shifts; ``concerned`` are locked already."""
    rosters = {each.pk: each for each in lock(concerned)}
    roster = rosters[roster.pk]
    if roster.stands_in_for_id is not None and roster.stands_in_for_id not in rosters:
        raise Conflict(f"The roster {roster} was changed meanwhile; read it anew.")
    if roster.retired_at is not None:
        raise RuleViolation(f"The roster {roster} is retired.")
    if version and version != version_of(roster):
        raise Conflict(f"The roster {roster} was changed meanwhile; read it anew.")
    now = clock.now()
    stood_for = rosters.get(roster.stands_in_for_id or 0)
    was = copy(roster)
    changed = _write_fields(roster, _as_they_are(changes, rosters.values()), by=by)
    moved = layers is not None and write_layers(roster, layers, by=by)
    if not changed and not moved:
        return
    if moved or changed & _OF_THE_LAYERS:
        check_layers_move(was, now=now)
    if stood_for is not None and stood_for.pk != roster.stands_in_for_id:
        materialise(stood_for, now=now)
    materialise(roster, now=now)
    plan_reading(roster)


def _as_they_are(fields: Mapping[str, Any], rosters: Iterable[Roster]) -> dict[str, Any]:
    """``fields`` with the roster to stand in for as it is among the locked ``rosters``: it was read before."""
    other = fields.get("stands_in_for")
    if other is None:
        return dict(fields)
    found = next((each for each in rosters if each == other), None)
    if found is None:
        raise Conflict(f"The roster {other} is no longer there.")
    return {**fields, "stands_in_for": found}


def _write_fields(roster: Roster, fields: Mapping[str, Any], *, by: User) -> set[str]:
    """Save what of ``fields`` differs, and return what that is; of a new roster all of them."""
    is_new = roster.pk is None
    wanted = {name: value for name, value in fields.items() if name not in ("stands_in_from", "stands_in_until")}
    wanted |= _standing_in(roster, fields)
    other = wanted["stands_in_for"]
    if other is not None and other.pk != roster.stands_in_for_id:
        access.require_for_team(by, Permission.MANAGE, other.team)
    if fields.get("is_primary", roster.is_primary):
        team = wanted["team"] if is_new else roster.team
        check_primary(roster, team=team, stands_in_for=wanted["stands_in_for"])
    changed = {name for name, value in wanted.items() if is_new or getattr(roster, name) != value}
    if not changed:
        return changed
    for name in changed:
        setattr(roster, name, wanted[name])
    roster.full_clean(exclude=["team", "stands_in_for"], validate_constraints=False)
    made_by(roster, by)
    try:
        with transaction.atomic():
            roster.save(update_fields=None if is_new else changed)
    except IntegrityError as taken:
        raise Conflict("Another roster with that slug, another primary or stand-in one was made just now.") from taken
    return changed


def _standing_in(roster: Roster, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Which roster it is to stand in for, and when; what is not named stays, and ends with the standing in."""
    during = roster.stands_in_during
    other = fields.get("stands_in_for", roster.stands_in_for)
    stays = during is not None and other is not None
    start: datetime | None = fields.get("stands_in_from", during.lower if stays else None)
    end: datetime | None = fields.get("stands_in_until", during.upper if stays else None)
    check_standing_in(roster, other, start=start, end=end)
    return {"stands_in_for": other, "stands_in_during": DateTimeTZRange(start, end) if other is not None else None}
