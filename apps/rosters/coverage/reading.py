"""What rosters say of a time, read in a constant number of queries however many rosters and people there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from operator import attrgetter
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import BooleanField, ExpressionWrapper, Prefetch, QuerySet

from apps.rosters import turn_taking
from apps.rosters.coverage import gaps, windows
from apps.rosters.models import CalendarSource, CalendarTurn, Layer, Roster, Shift
from apps.rosters.planning import calendar_plan, layer_plan
from apps.rosters.rules import Plan, Stretch, Window
from apps.teams.models import User
from apps.teams.queries import responds

#: The turns of each person in each roster, by their ids, in order.
Turns = Mapping[int, Mapping[int, list[Window]]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is planned: who holds what, which time is wanted, and whom else a roster could fall back on.

    All by ids. ``turns`` are those that touch the time that was asked for, whole; ``members`` take turns in layers. Of
    all ``people`` those who are ``able`` can be on call: what others hold, nobody does.
    """

    rosters: list[Roster]
    turns: Turns
    wanted: Mapping[int, list[Window]]
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


def wanted_of(rosters: Collection[Roster], window: Window) -> dict[int, list[Window]]:
    """The time within ``window`` at which somebody should hold each of ``rosters``. Two queries, and one for calendars.

    One that stands in for another is wanted only while it does, one that is retired not at all.
    """
    others = [roster for roster in rosters if not roster.is_primary]
    layers: dict[int, list[Layer]] = defaultdict(list)
    for layer in _layers_of(others, window):
        layers[layer.roster_id].append(layer)
    found: dict[int, list[Window]] = {}
    for roster in rosters:
        if roster.retired_at is not None:
            found[roster.pk] = []
            continue
        plans = [_plan(layer, roster, window) for layer in layers[roster.pk]]
        wanted = gaps.wanted(plans, is_primary=roster.is_primary, zone=ZoneInfo(roster.time_zone), window=window)
        found[roster.pk] = windows.within(wanted, _stands_in(roster)) if roster.stands_in_during else wanted
    return found


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
    """What the layer covers, whoever takes turns in it."""
    calendar: CalendarSource | None = getattr(layer, "calendar", None)  # raises for a layer without one
    if calendar is not None:
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
