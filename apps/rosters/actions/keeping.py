"""What roster managers do with a whole roster or layer: end it, copy it, change it from a day on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from django.db import transaction

from apps.core import clock, events
from apps.core.errors import Conflict, Invalid, RuleViolation
from apps.core.history import made_by
from apps.core.walltime import instant, months_after
from apps.core.zones import zone_named
from apps.rosters import queries, rules
from apps.rosters.actions.calendars import copy_calendar
from apps.rosters.actions.checks import check_layer_count
from apps.rosters.actions.layers import opened
from apps.rosters.actions.shifts import lock, materialise
from apps.rosters.actions.swaps import withdraw_open
from apps.rosters.models import CalendarSource, Layer, LayerMember, Restriction, Roster, Rotation
from apps.rosters.planning import layer_plan
from apps.rosters.rules import Window
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

#: Published with a StandInEnded when a roster is retired with the one that it stands in for.
STAND_IN_ENDED = "rosters.stand_in_ended"
#: How the name of a copy ends.
_COPY = re.compile(r" \(copy(?: \d+)?\)$")


@dataclass(frozen=True, slots=True)
class StandInEnded:
    """``roster`` was retired because ``by`` retired the one that it stood in for."""

    roster: Roster
    stood_for: Roster
    by: User


@transaction.atomic
def retire(roster: Roster, *, by: User) -> None:
    """End the roster now: its past shifts stay, the running ones end, the future ones go. Twice is once.

    So are the rosters that stand in for it, whose managers hear of it, and open requests to swap in any of them are
    withdrawn. Raises NotAllowed unless ``by`` manages the roster's team, Conflict where another began to stand in for
    it just now.
    """
    access.require_for_team(by, Permission.MANAGE, roster.team)
    locked_rosters = {each.pk: each for each in lock(queries.with_stand_ins([roster]))}
    found = locked_rosters[roster.pk]
    if found.retired_at is not None:
        return
    standing_in = set(queries.standing_in_for([found]))
    if not standing_in <= locked_rosters.keys():
        raise Conflict(f"The roster {found} was changed meanwhile; read it anew.")
    now = clock.now()
    _end(found, by=by, now=now)
    for stand_in in (locked_rosters[pk] for pk in sorted(standing_in)):
        _end(stand_in, by=by, now=now)
        events.publish(STAND_IN_ENDED, StandInEnded(stand_in, stood_for=found, by=by))


def _end(roster: Roster, *, by: User, now: datetime) -> None:
    roster.retired_at = now
    made_by(roster, by)
    roster.save(update_fields=["retired_at"])
    withdraw_open(roster, by=by, now=now)
    materialise(roster, now=now)


@transaction.atomic
def copy(roster: Roster, *, by: User) -> Roster:
    """Return a new roster with the same layers, restrictions and people; not primary, and standing in for none.

    Its name says that it is a copy, and which. Overrides, swaps and past shifts belong to the original. Raises
    NotAllowed unless ``by`` manages its team.
    """
    access.require_for_team(by, Permission.MANAGE, roster.team)
    lock([roster.pk])  # two who copy it at once find two slugs
    twin = Roster(
        slug=_free_slug(roster.slug),
        name=_name_of_copy(roster.name),
        team=roster.team,
        time_zone=roster.time_zone,
        holidays_of=roster.holidays_of,
    )
    made_by(twin, by)
    twin.save()
    for layer in roster.layers.prefetch_related("members", "restrictions"):
        copied = _copy_layer(layer, people=[member.person_id for member in layer.members.all()], by=by, roster=twin)
        copy_calendar(layer, copied, by=by)
    materialise(twin, now=clock.now())
    return twin


@transaction.atomic
def change_from(layer: Layer, day: date, *, by: User) -> Layer:
    """End ``layer`` at its handoff time on ``day`` and return one that goes on from there in the same order.

    What is edited in the new one counts from that day on, and touches nothing before. Within a turn of one week it goes
    on to the weekday of its handoffs; longer turns, and those of months, can only be changed where one begins, and the
    latter in a month that has the day of their handoffs; turns in hours begin anew at the handoff time. Raises
    NotAllowed unless ``by`` manages the roster's team; Invalid, naming ``day``, for one on which it cannot be changed,
    or ``layer``, for one too many; RuleViolation for a roster that is retired or frozen, or a layer whose turns come
    from a calendar; Conflict where the layer is gone.
    """
    access.require_for_team(by, Permission.MANAGE, layer.roster.team)
    layer = opened(layer)
    roster = layer.roster
    there_are = roster.layers.count()
    check_layer_count(roster, there_are + 1, before=there_are, field="layer")
    if CalendarSource.objects.filter(layer=layer).exists():
        raise RuleViolation(rules.said_by_calendar(layer.name))
    if not (layer.starts_on < day and (layer.ends_on is None or day < layer.ends_on)):
        raise Invalid(f"The layer {layer.name} does not last on {day}.", field="day")
    zone = zone_named(layer.time_zone or roster.time_zone)
    handoff = instant(day, layer.handoff_time, zone)
    now = clock.now()
    if handoff <= now:
        raise Invalid("A change begins on a day that is still to come.", field="day")
    people = [member.person_id for member in layer.members.all()]
    if people:
        plan = layer_plan(
            layer, people=people, restrictions=layer.restrictions.all(), roster=roster, window=Window(now, handoff)
        )
        number, begins, ends = rules.turn_at(plan, handoff, zone=zone)
        is_long = layer.rotation == Rotation.MONTHS or (layer.rotation != Rotation.HOURS and layer.length > 1)
        if is_long and begins < handoff:
            between = " or ".join(f"{each.astimezone(zone):%Y-%m-%d}" for each in (begins, ends))
            raise Invalid(f"A turn lasts on {day}: choose a day on which one begins, {between}.", field="day")
        if layer.rotation == Rotation.MONTHS:
            _check_day_of_month(layer, day)
        first = number * layer.at_once % len(people)
        people = people[first:] + people[:first]
    weekday = layer.handoff_weekday
    if weekday is None and layer.rotation == Rotation.WEEKS:
        weekday = layer.starts_on.weekday()
    following = _copy_layer(layer, people=people, by=by, starts_on=day, handoff_weekday=weekday)
    layer.ends_on = day
    made_by(layer, by)
    layer.save(update_fields=["ends_on"])
    materialise(roster, now=now)
    return following


def _check_day_of_month(layer: Layer, day: date) -> None:
    """Raise Invalid, naming ``day``, for a month that is too short: a layer that began there would forget its day."""
    if day.day == layer.starts_on.day:
        return
    handoffs = (months_after(layer.starts_on, number * layer.length) for number in count(1))
    following = next(each for each in handoffs if each > day and each.day == layer.starts_on.day)
    raise Invalid(
        f"Its turns are handed over on day {layer.starts_on.day}, which the month of {day} does not have: choose the"
        f" beginning of one in a month that has it, such as {following}.",
        field="day",
    )


def _copy_layer(layer: Layer, *, people: list[int], by: User, **changes: object) -> Layer:
    """Save a layer like ``layer`` but for ``changes``, with ``people`` in that order, and return it."""
    kept = {field.name: getattr(layer, field.name) for field in Layer._meta.concrete_fields if not field.primary_key}
    twin = Layer(**{**kept, **changes})
    parts = [
        *(LayerMember(layer=twin, person_id=person, position=place) for place, person in enumerate(people, start=1)),
        *(
            Restriction(layer=twin, weekdays=each.weekdays, start=each.start, end=each.end, days=each.days)
            for each in layer.restrictions.all()
        ),
    ]
    for row in (twin, *parts):
        made_by(row, by)
        row.save()
    return twin


def _name_of_copy(name: str) -> str:
    """What a copy of the roster of that name, or of a copy of it, is called: as no other is."""
    own = _COPY.sub("", name)[:105]
    taken = set(Roster.objects.filter(name__startswith=own).values_list("name", flat=True))
    found, number = f"{own} (copy)", 1
    while found in taken:
        number += 1
        found = f"{own} (copy {number})"
    return found


def _free_slug(slug: str) -> str:
    taken = set(Roster.objects.filter(slug__startswith=slug[:40]).values_list("slug", flat=True))
    number = 2
    while (found := f"{slug[:40]}-{number}") in taken:
        number += 1
    return found
