"""The stored shifts, made what layers, leave and overrides say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.core.errors import RuleViolation
from apps.rosters.actions.leave import hold_leave
from apps.rosters.models import Roster, Shift, ShiftSource
from apps.rosters.planning import planned
from apps.rosters.rules import Stretch, Window
from apps.teams.queries import responders


@transaction.atomic
def materialise(roster: Roster, *, now: datetime | None = None) -> None:
    """Make the shifts from ``now`` to the horizon what layers, leave and overrides say; what is before ``now`` stays.

    So it does those of the roster that this one stands in for. Leave that is entered meanwhile is waited for, or waits.
    Whoever cannot be on call holds nothing. Without ``now`` that is the instant at which it has the lock: one that was
    read before may lie before what others wrote meanwhile. A running shift whose person changes is split at ``now``;
    its start never moves. Only rows that differ are touched, so that doing it twice is doing it once. The horizon is
    ``settings.ROSTER_HORIZON``.
    """
    rosters = lock_with_stood_for(roster)
    hold_leave(each.pk for each in rosters)
    for each in rosters:
        _fill(each, now or clock.now())


def lock_with_stood_for(roster: Roster) -> list[Roster]:
    """Lock ``roster`` and the one it stands in for, if any, and return them as they are now; by their ids."""
    return lock([pk for pk in (roster.pk, roster.stands_in_for_id) if pk is not None])


def lock(rosters: Iterable[int]) -> list[Roster]:
    """Lock the rosters of these ids for a change, and return them as they are now; by their ids."""
    return list(Roster.objects.select_for_update(no_key=True).filter(pk__in=list(rosters)).order_by("pk"))


def locked(roster: Roster) -> Roster:
    """Lock ``roster`` for a change of it and return it as it is now. Raises RuleViolation once it is retired."""
    found = next(each for each in lock_with_stood_for(roster) if each.pk == roster.pk)
    if found.retired_at is not None:
        raise RuleViolation(f"The roster {found} is retired.")
    return found


def _fill(roster: Roster, now: datetime) -> None:
    stretches = _of_who_can(planned(roster, Window(now, now + settings.ROSTER_HORIZON)))
    wanted = {(stretch.seat, stretch.start): stretch for stretch in stretches}
    superfluous: list[int] = []
    moved: list[tuple[int, Stretch, datetime]] = []
    for pk, shift in _stored(roster, now):
        if shift.start < now:
            going_on = wanted.pop((shift.seat, now), None)
            if going_on and (going_on.person, going_on.source) == (shift.person, shift.source):
                moved.append((pk, shift, going_on.end))
                continue
            moved.append((pk, shift, now))
            if going_on:
                wanted[shift.seat, now] = going_on
        elif wanted.get((shift.seat, shift.start)) == shift:
            del wanted[shift.seat, shift.start]
        else:
            superfluous.append(pk)
    Shift.objects.filter(pk__in=superfluous).delete()
    for pk, shift, end in moved:
        if shift.end != end:
            Shift.objects.filter(pk=pk).update(during=DateTimeTZRange(shift.start, end), changed_at=now)
    Shift.objects.bulk_create(_as_shift(stretch, roster, now) for stretch in wanted.values())


def _of_who_can(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Those of ``stretches`` that somebody holds who can be on call. One query."""
    people = {stretch.person for stretch in stretches}
    able = set(responders().filter(pk__in=people).values_list("pk", flat=True))
    return [stretch for stretch in stretches if stretch.person in able]


def _stored(roster: Roster, now: datetime) -> Iterator[tuple[int, Stretch]]:
    """Yield the running and coming shifts with their ids: plain values, of which there may be tens of thousands."""
    columns = ("pk", "seat", "person", "during__startswith", "during__endswith", "source")
    rows = roster.shifts.filter(during__endswith__gt=now).order_by().values_list(*columns)
    for pk, seat, person, start, end, source in rows:
        yield pk, Stretch(seat, person, start, end, ShiftSource(source))


def _as_shift(stretch: Stretch, roster: Roster, now: datetime) -> Shift:
    return Shift(
        roster=roster,
        seat=stretch.seat,
        person_id=stretch.person,
        during=DateTimeTZRange(stretch.start, stretch.end),
        source=stretch.source,
        changed_at=now,
    )
