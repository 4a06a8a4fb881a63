"""What the rows of a roster say, as the values that ``rosters.rules`` computes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet

from apps.core.business_calendar import holiday_names
from apps.core.walltime import instant
from apps.core.zones import UnknownZone, zone_named, zone_or_utc
from apps.rosters import rules
from apps.rosters.models import Absence, CalendarSource, CalendarTurn, Layer, Restriction, Roster, Rotation, ShiftSource
from apps.rosters.rules import CalendarPlan, LayerPlan, Plan, Stretch, WeeklyRange, Window


def planned(roster: Roster, window: Window) -> list[Stretch]:
    """What layers, leave, stand-ins and overrides say of ``window``, by seat and time; nothing for a retired roster.

    Of one that stands in for another only while it does.
    """
    if roster.retired_at is not None:
        return []
    if roster.stands_in_during is not None:
        start, end = roster.stands_in_during.lower, roster.stands_in_during.upper
        window = Window(max(window.start, start), min(window.end, end))
        if window.start >= window.end:
            return []
    during = DateTimeTZRange(window.start, window.end)
    exceptions = [stretch for other in roster.stand_ins.all() for stretch in _standing_in(other, window)]
    exceptions += [
        Stretch(each.seat, each.person_id, each.start, each.end, each.source)
        for each in roster.overrides.filter(during__overlap=during)
    ]
    zone, plans = _zone_and_plans(roster, window)
    return rules.compute(plans, exceptions, zone=zone, window=window, away=_away(plans, window))


def by_layer(roster: Roster, window: Window) -> list[tuple[Layer, list[Stretch]]]:
    """What each layer alone says of ``window``, the lowest first; nothing where nobody knows the zone of one."""
    try:
        zone, plans = zone_named(roster.time_zone), _layer_plans(roster, window)
    except UnknownZone:
        return [(layer, []) for layer in _layers(roster)]
    away = _away([plan for _, plan in plans], window)
    return [(layer, list(rules.turns(plan, zone=zone, window=window, away=away))) for layer, plan in plans]


def _zone_and_plans(roster: Roster, window: Window) -> tuple[ZoneInfo, list[Plan]]:
    """The zone of ``roster`` and what its layers say; where nobody knows the zone of one, the shifts that are there.

    Overrides and leave go on over those, but nobody takes over from whoever is away.
    """
    try:
        return zone_named(roster.time_zone), [plan for _, plan in _layer_plans(roster, window)]
    except UnknownZone:
        return zone_or_utc(roster.time_zone), [_as_planned_before(roster, window)]


def _as_planned_before(roster: Roster, window: Window) -> CalendarPlan:
    shifts = roster.shifts.filter(source=ShiftSource.LAYER, during__overlap=DateTimeTZRange(window.start, window.end))
    found = (Stretch(each.seat, each.person_id, each.start, each.end, ShiftSource.LAYER) for each in shifts)
    return CalendarPlan(tuple(rules.clipped(found, window)))


def _layers(roster: Roster) -> QuerySet[Layer]:
    layers = roster.layers.select_related("calendar").defer("calendar__good_text", "calendar__unmatched")
    return layers.prefetch_related("members", "restrictions")


def _layer_plans(roster: Roster, window: Window) -> list[tuple[Layer, Plan]]:
    return [(layer, _plan(layer, roster, window)) for layer in _layers(roster)]


def _plan(layer: Layer, roster: Roster, window: Window) -> Plan:
    calendar: CalendarSource | None = getattr(layer, "calendar", None)  # raises for a layer without one
    if calendar is not None:
        turns = calendar.turns.filter(during__overlap=DateTimeTZRange(window.start, window.end)).order_by("during")
        return calendar_plan(turns, layer, roster=roster, window=window)
    people = [member.person_id for member in layer.members.all()]
    return layer_plan(layer, people=people, restrictions=layer.restrictions.all(), roster=roster, window=window)


def _away(plans: Iterable[Plan], window: Window) -> dict[int, list[Window]]:
    return absences({person for plan in plans for person in plan.people}, window)


def calendar_plan(turns: Iterable[CalendarTurn], layer: Layer, *, roster: Roster, window: Window) -> CalendarPlan:
    """What ``layer`` takes of the ``turns`` of its calendar within ``window``, from its first day to its end.

    They come by their starts. People, rhythm and restrictions of the layer count for nothing. Raises UnknownZone.
    """
    zone = zone_named(layer.time_zone or roster.time_zone)
    start = max(window.start, instant(layer.starts_on, layer.handoff_time, zone))
    end = min(window.end, instant(layer.ends_on, layer.handoff_time, zone)) if layer.ends_on else window.end
    if start >= end:
        return CalendarPlan(())
    found = (Stretch(each.seat, each.person_id, each.start, each.end, ShiftSource.LAYER) for each in turns)
    return CalendarPlan(tuple(rules.clipped(found, Window(start, end))))


def layer_plan(
    layer: Layer, *, people: Iterable[int], restrictions: Iterable[Restriction], roster: Roster, window: Window
) -> LayerPlan:
    """What ``layer`` of ``roster`` says, whether or not it was saved; its holidays are those around ``window``.

    Raises UnknownZone, naming ``time_zone``.
    """
    return LayerPlan(
        people=tuple(people),
        rotation=Rotation(layer.rotation),
        length=layer.length,
        handoff_time=layer.handoff_time,
        handoff_weekday=layer.handoff_weekday,
        starts_on=layer.starts_on,
        ends_on=layer.ends_on,
        zone=zone_named(layer.time_zone) if layer.time_zone else None,
        at_once=layer.at_once,
        restrictions=tuple(weekly_range(each) for each in restrictions),
        holidays=_holidays_around(window, layer.holidays_of or roster.holidays_of),
    )


def weekly_range(restriction: Restriction) -> WeeklyRange:
    """The restriction as a plain value."""
    return WeeklyRange(frozenset(restriction.weekdays), restriction.start, restriction.end, restriction.days)


def absences(people: Collection[int], window: Window) -> dict[int, list[Window]]:
    """When each of ``people`` is away within ``window``, in order and without overlaps. One query."""
    found: dict[int, list[Window]] = defaultdict(list)
    rows = Absence.objects.filter(person__in=people, during__overlap=DateTimeTZRange(window.start, window.end))
    for absence in rows.order_by("during"):
        of_person = found[absence.person_id]
        if of_person and absence.start <= of_person[-1].end:
            of_person[-1] = Window(of_person[-1].start, max(of_person[-1].end, absence.end))
        else:
            of_person.append(Window(absence.start, absence.end))
    return dict(found)


def _standing_in(other: Roster, window: Window) -> list[Stretch]:
    """What a roster that stands in for another says of its time within ``window``."""
    stretches = planned(other, window)
    return [Stretch(each.seat, each.person, each.start, each.end, ShiftSource.OVERRIDE) for each in stretches]


def _holidays_around(window: Window, place: str) -> frozenset[date]:
    if not place:
        return frozenset()
    first, last = (window.start - timedelta(days=9)).date(), (window.end + timedelta(days=9)).date()
    return frozenset(holiday_names(place, first=first, last=last))
