"""Writes of rosters. Each locks the roster first and leaves its shifts as its layers and overrides say."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.core.errors import Invalid, RuleViolation
from apps.core.history import made_by
from apps.rosters import rules
from apps.rosters.models import Layer, Override, Roster, Rotation, Shift, ShiftSource
from apps.rosters.rules import LayerPlan, Stretch, Window
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User


@transaction.atomic
def materialise(roster: Roster, *, now: datetime) -> None:
    """Make the shifts from ``now`` to the horizon what layers and overrides say; what is before ``now`` stays.

    A running shift whose person changes is split at ``now``; its start never moves. Only rows that differ are
    touched, so that doing it twice is doing it once. The horizon is ``settings.ROSTER_HORIZON``.
    """
    roster = Roster.objects.select_for_update(no_key=True).get(pk=roster.pk)
    wanted = _wanted(roster, Window(now, now + settings.ROSTER_HORIZON))
    superfluous: list[int] = []
    moved: list[tuple[Shift, datetime]] = []
    for shift in roster.shifts.filter(during__endswith__gt=now):
        if shift.start < now:
            going_on = wanted.pop((shift.seat, now), None)
            if going_on and (going_on.person, going_on.source) == (shift.person_id, shift.source):
                moved.append((shift, going_on.end))
                continue
            moved.append((shift, now))
            if going_on:
                wanted[shift.seat, now] = going_on
        elif wanted.get((shift.seat, shift.start)) == _as_stretch(shift):
            del wanted[shift.seat, shift.start]
        else:
            superfluous.append(shift.pk)
    Shift.objects.filter(pk__in=superfluous).delete()
    for shift, end in moved:
        if shift.end != end:
            shift.during = DateTimeTZRange(shift.start, end)
            shift.save(update_fields=["during"])
    Shift.objects.bulk_create(_as_shift(stretch, roster) for stretch in wanted.values())


@transaction.atomic
def add_override(
    roster: Roster, *, person: User, start: datetime, end: datetime, by: User, reason: str = "", seat: int = 0
) -> Override:
    """Put ``person`` in the seat from ``start`` to ``end``, whatever layers and earlier overrides say.

    A start that has passed means now: the past is not rewritten. Raises NotAllowed unless ``by`` manages the
    roster's team, or responds for it and stands in themselves; Invalid, naming ``start``, ``end`` or ``user``, for
    times that ``rules.check_override`` refuses or a person who cannot stand in; RuleViolation for a retired roster.
    """
    needed = Permission.RESPOND if person == by else Permission.MANAGE
    access.require_for_team(by, needed, roster.team)
    roster = _locked(roster)
    now = clock.now()
    check_stands_in(person)
    rules.check_override(start, end, now=now, horizon=settings.ROSTER_HORIZON)
    override = Override(
        roster=roster,
        seat=seat,
        person=person,
        during=DateTimeTZRange(max(start, now), end),
        reason=reason,
        created_by=by,
        created_at=now,
    )
    made_by(override, by)
    override.save()
    materialise(roster, now=now)
    return override


def check_stands_in(person: User) -> None:
    """Raise Invalid, naming ``user``, for somebody who left, or who could not answer the page they would get."""
    if not person.is_active:
        raise Invalid(f"{person} is no longer active.", field="user")
    if not access.team_ids(person, Permission.RESPOND):
        raise Invalid(f"{person} responds for no team and cannot be on call.", field="user")


@transaction.atomic
def remove_override(override: Override, *, by: User) -> None:
    """Take back what of ``override`` is still to come; who was on call until now stays on the record.

    Raises NotAllowed unless ``by`` manages the roster's team, or responds for it and is the one who stands in;
    RuleViolation once the override is over.
    """
    needed = Permission.RESPOND if override.person_id == by.pk else Permission.MANAGE
    access.require_for_team(by, needed, override.roster.team)
    roster = _locked(override.roster)
    now = clock.now()
    if override.end <= now:
        raise RuleViolation("The override is over; there is nothing to take back.")
    made_by(override, by)
    override.delete()
    materialise(roster, now=now)


@transaction.atomic
def retire(roster: Roster, *, by: User) -> None:
    """End the roster now: its past shifts stay, the running ones end, the future ones go. Twice is once.

    Raises NotAllowed unless ``by`` manages the roster's team.
    """
    access.require_for_team(by, Permission.MANAGE, roster.team)
    roster = Roster.objects.select_for_update(no_key=True).get(pk=roster.pk)
    if roster.retired_at is not None:
        return
    roster.retired_at = clock.now()
    made_by(roster, by)
    roster.save(update_fields=["retired_at"])
    materialise(roster, now=roster.retired_at)


def _locked(roster: Roster) -> Roster:
    locked = Roster.objects.select_for_update(no_key=True).get(pk=roster.pk)
    if locked.retired_at is not None:
        raise RuleViolation(f"The roster {locked} is retired.")
    return locked


def _wanted(roster: Roster, window: Window) -> dict[tuple[int, datetime], Stretch]:
    """What layers and overrides say within the window, by seat and start; nothing for a retired roster."""
    if roster.retired_at is not None:
        return {}
    layers = [_as_plan(layer) for layer in roster.layers.prefetch_related("members")]
    coming = roster.overrides.filter(during__overlap=DateTimeTZRange(window.start, window.end))
    overrides = [Stretch(each.seat, each.person_id, each.start, each.end, ShiftSource.OVERRIDE) for each in coming]
    stretches = rules.compute(layers, overrides, zone=ZoneInfo(roster.time_zone), window=window)
    return {(stretch.seat, stretch.start): stretch for stretch in stretches}


def _as_plan(layer: Layer) -> LayerPlan:
    return LayerPlan(
        people=tuple(member.person_id for member in layer.members.all()),
        rotation=Rotation(layer.rotation),
        length=layer.length,
        handoff_time=layer.handoff_time,
        handoff_weekday=layer.handoff_weekday,
        starts_on=layer.starts_on,
        ends_on=layer.ends_on,
    )


def _as_stretch(shift: Shift) -> Stretch:
    return Stretch(shift.seat, shift.person_id, shift.start, shift.end, ShiftSource(shift.source))


def _as_shift(stretch: Stretch, roster: Roster) -> Shift:
    return Shift(
        roster=roster,
        seat=stretch.seat,
        person_id=stretch.person,
        during=DateTimeTZRange(stretch.start, stretch.end),
        source=stretch.source,
    )
