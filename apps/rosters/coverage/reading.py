"""What rosters say of a time, read in a constant number of queries however many rosters and people there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from operator import attrgetter

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Prefetch, Q, QuerySet, Subquery

from apps.core.walltime import instant
from apps.core.zones import UnknownZone, zone_named, zone_or_utc
from apps.rosters import turn_taking
from apps.rosters.coverage import gaps, windows
from apps.rosters.coverage.seats import Seats
from apps.rosters.models import CalendarSource, CalendarTurn, Layer, Roster, Shift
from apps.rosters.planning import calendar_plan, layer_plan
from apps.rosters.rules import Plan, Stretch, Window, clipped
from apps.teams.models import User
from apps.teams.queries import responds

#: The turns of each person in each roster, by their ids, in order.
Turns = Mapping[int, Mapping[int, list[Window]]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is planned: who holds what, how many are wanted when, and whom else a roster could fall back on.

    All by ids. ``turns`` are those that touch the time that was asked for, whole; ``members`` take turns in layers. Of
    all ``people`` those who are ``able`` can be on call: what others hold, nobody does.
    """

    rosters: list[Roster]
    turns: Turns
    wanted: Mapping[int, list[Seats]]
    members: Mapping[int, set[int]]
    people: Mapping[int, User]
    able: Set[int]


def read(rosters: QuerySet[Roster], window: Window, *, turns_in: Window) -> Facts:
    """Read what those of ``rosters`` that are in use want in ``window``, and who holds them in ``turns_in``.

    Six queries, and one more for calendars; the rosters come by the names of their team and their own, with the team.
    """
    listed = in_use(rosters)
    turns, members = turns_of(listed, turns_in), _members(listed, window)
    named = {person for of_roster in turns.values() for person in of_roster}
    people, able = _people(named.union(*members.values()))
    return Facts(
        rosters=listed,
        turns=turns,
        wanted=wanted_of(listed, window),
        members=members,
        people=people,
        able=able,
    )


def of_plan(roster: Roster, coming: Sequence[Stretch], window: Window, *, turns_in: Window) -> Facts:
    """What ``read`` would say of ``roster`` if its shifts from the beginning of ``window`` on were ``coming``.

    Five queries at most. A retired roster wants nobody.
    """
    before = Window(turns_in.start, window.start)
    held = turns_of([roster], before)[roster.pk]
    turns = {person: past for person, own in held.items() if (past := windows.within(own, before))}
    for stretch in coming:
        turns.setdefault(stretch.person, []).append(Window(stretch.start, stretch.end))
    for own in turns.values():
        own.sort(key=attrgetter("start"))
    members = _members([roster], window)
    people, able = _people(turns.keys() | members[roster.pk])
    return Facts(
        rosters=[roster],
        turns={roster.pk: turns},
        wanted=wanted_of([roster], window),
        members=members,
        people=people,
        able=able,
    )


def in_use(rosters: QuerySet[Roster]) -> list[Roster]:
    """Those of ``rosters`` that are not retired, by the names of their team and their own. One query."""
    return list(rosters.filter(retired_at__isnull=True).select_related("team").order_by("team__name", "name", "pk"))


def turns_of(rosters: Collection[Roster], window: Window, *, of: QuerySet[User] | None = None) -> Turns:
    """The shifts of ``rosters`` that touch ``window``, whole, or of them only those ``of`` some people. One query.

    What is planned for a roster that stands in for another counts only while it does.
    """
    limits = {roster.pk: _stands_in(roster) for roster in rosters if roster.stands_in_during}
    rows = Shift.objects.filter(roster__in=rosters, during__overlap=DateTimeTZRange(window.start, window.end))
    if of is not None:
        rows = rows.filter(person__in=of)
    found: dict[int, dict[int, list[Window]]] = {roster.pk: {} for roster in rosters}
    columns = rows.order_by("during").values_list("roster", "person", "during__startswith", "during__endswith")
    for roster, person, start, end in columns:
        turn = [Window(start, end)]
        if kept := windows.within(turn, limits[roster]) if roster in limits else turn:
            found[roster].setdefault(person, []).extend(kept)
    return found


def wanted_of(rosters: Collection[Roster], window: Window) -> dict[int, list[Seats]]:
    """How many should hold each of ``rosters`` within ``window``, and when. Two queries, and one for calendars.

    One that stands in for another is wanted only while it does, one that is retired not at all.
    """
    layers: dict[int, list[Layer]] = defaultdict(list)
    for layer in _layers_of(rosters, window):
        layers[layer.roster_id].append(layer)
    found: dict[int, list[Seats]] = {}
    for roster in rosters:
        if roster.retired_at is not None:
            found[roster.pk] = []
            continue
        wanted = _wanted(roster, layers[roster.pk], window)
        found[roster.pk] = list(clipped(wanted, _stands_in(roster))) if roster.stands_in_during else wanted
    return found


def seats_over_time(rosters: Iterable[int], window: Window) -> dict[int, list[Seats]]:
    """How many seats the layers of each of ``rosters`` (ids) make as long as they last, whatever they cover, by its id.

    In no order, and overlapping: of those that last at the same time the most count. The layers of a roster that stands
    in for one are that one's too, as long as it does; those of a calendar make the seats of its coming turns. One
    query.
    """
    found: dict[int, list[Seats]] = {pk: [] for pk in rosters}
    standing_in = Q(roster__stands_in_for__in=found, roster__retired_at=None)
    turns = CalendarTurn.objects.filter(source__layer=OuterRef("pk"), during__endswith__gt=window.start)
    last_seat = Subquery(turns.order_by("-seat").values("seat")[:1])
    layers = Layer.objects.filter(Q(roster__in=found) | standing_in).select_related("roster", "calendar")
    for layer in layers.defer("calendar__good_text", "calendar__unmatched").annotate(last_seat=last_seat):
        roster = layer.roster
        lasts = _lasts(layer, window)
        if roster.stands_in_during is not None:
            lasts = next(iter(windows.within([lasts], _stands_in(roster))), Window(lasts.start, lasts.start))
        count = layer.at_once if not layer.has_calendar else (layer.last_seat or 0) + 1
        for pk in (roster.pk, roster.stands_in_for_id):
            if pk in found:
                found[pk].append(Seats(lasts.start, lasts.end, count))
    return found


def _lasts(layer: Layer, window: Window) -> Window:
    """From when to when the layer lasts; up to the end of ``window`` where nothing ends it before."""
    zone = zone_or_utc(layer.time_zone or layer.roster.time_zone)
    start = instant(layer.starts_on, layer.handoff_time, zone)
    end = instant(layer.ends_on, layer.handoff_time, zone) if layer.ends_on else window.end
    return Window(start, max(start, end))


def _wanted(roster: Roster, layers: Iterable[Layer], window: Window) -> list[Seats]:
    """How many should hold ``roster`` within ``window``, and when; nobody knows it of an unknown zone."""
    try:
        plans = [_plan(layer, roster, window) for layer in layers]
        return gaps.wanted(plans, is_primary=roster.is_primary, zone=zone_named(roster.time_zone), window=window)
    except UnknownZone:
        return [Seats(window.start, window.end, 1)] if roster.is_primary else []


def _people(ids: Collection[int]) -> tuple[Mapping[int, User], Set[int]]:
    """The people of those ids, and the ids of those of them who can be on call. One query."""
    can_be_on_call = ExpressionWrapper(responds(), output_field=BooleanField())
    people = User.objects.filter(pk__in=ids).annotate(can_be_on_call=can_be_on_call)
    return {person.pk: person for person in people}, {person.pk for person in people if person.can_be_on_call}


def _layers_of(rosters: Collection[Roster], window: Window) -> QuerySet[Layer]:
    turns = CalendarTurn.objects.filter(during__overlap=DateTimeTZRange(window.start, window.end)).order_by("during")
    layers = Layer.objects.filter(roster__in=rosters).select_related("calendar")
    layers = layers.defer("calendar__good_text", "calendar__unmatched")
    return layers.prefetch_related("restrictions", Prefetch("calendar__turns", turns))


def _plan(layer: Layer, roster: Roster, window: Window) -> Plan:
    """What the layer covers, whoever takes turns in it; until its calendar was read, what it would cover without."""
    calendar: CalendarSource | None = getattr(layer, "calendar", None)  # raises for a layer without one
    if calendar is not None and calendar.expanded_at is not None:
        return calendar_plan(calendar.turns.all(), layer, roster=roster, window=window)
    return layer_plan(layer, people=(), restrictions=layer.restrictions.all(), roster=roster, window=window)


def _stands_in(roster: Roster) -> Window:
    """When a roster stands in for another."""
    return Window(roster.stands_in_during.lower, roster.stands_in_during.upper)


def _members(rosters: Collection[Roster], window: Window) -> dict[int, set[int]]:
    """Who takes turns in each of ``rosters`` within ``window``, by its id. One query."""
    found: dict[int, set[int]] = {roster.pk: set() for roster in rosters}
    for roster, person in turn_taking.turns_taken(rosters, during=window):
        found[roster].add(person)
    return found
