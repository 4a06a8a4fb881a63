"""Layers and people of rosters, made what a table says: first looked at, then done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models.functions import Lower

from apps.core import clock
from apps.core.errors import Conflict, Invalid, RuleViolation
from apps.core.history import made_by
from apps.rosters import queries
from apps.rosters.actions.calendars import plan_reading
from apps.rosters.actions.checks import check_layer_count, check_layers_move
from apps.rosters.actions.gaps import NamedGap, refusing_gaps
from apps.rosters.actions.layers import remove_layer, set_people, set_restrictions
from apps.rosters.actions.overrides import check_stands_in
from apps.rosters.actions.shifts import lock, materialise
from apps.rosters.layer_changes import LayerChange, People, RosterChange, Verb, compared, in_words
from apps.rosters.models import Layer, Roster
from apps.rosters.tables import LayerTable, Problem, RosterSaid, read_layers
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User
from apps.teams.queries import responders

#: So many rosters are changed at once: all of them wait for one another.
MOST_ROSTERS = 100


@dataclass(frozen=True, slots=True)
class LayersImport:
    """What taking a table of layers in does: the rosters that change, by name; or why rows of it cannot be used.

    ``gaps`` are those that it makes, in the rosters that they stand in for, too: what somebody has to say yes to.
    ``seal`` is the same for imports that do the same, whatever gaps they make.
    """

    changes: tuple[RosterChange, ...] = ()
    gaps: tuple[NamedGap, ...] = ()
    problems: tuple[Problem, ...] = ()
    seal: str = ""


def plan_layers_import(text: bytes, *, by: User) -> LayersImport:
    """Say what taking the table ``text`` in would do; changes nothing.

    Where nobody would be on call shows once the shifts are filled, so that it is done on trial, and the rosters are
    locked meanwhile: not those of a table of which something cannot be used or which changes nothing. Raises Invalid,
    naming ``file``, for a table that cannot be used at all.
    """
    table = read_layers(text)
    found = _compared(table, by=by, locks=False)
    if found.problems or not found.changes:
        return found
    with transaction.atomic():
        found = _carried_out(_compared(table, by=by, locks=True), by=by, accepts_all=True)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def import_layers(
    text: bytes, *, by: User, seal: str, accepted: Collection[NamedGap] = (), accepts_all: bool = False
) -> LayersImport:
    """Make the rosters that ``text`` names what it says, from now on, and return what was done; all or nothing.

    A roster's layers become those of the table: one that it does not name goes, but for those whose turns come from a
    calendar. Only what differs is written. Rosters of teams that ``by`` does not manage are as unknown as those that
    there are not. Raises Invalid, naming ``file``, where a row cannot be used, or nothing of it; Conflict where it
    would do something else than what has this ``seal``; LeavesGap for gaps that are not among ``accepted``, unless
    ``accepts_all``.
    """
    wanted = _compared(read_layers(text), by=by, locks=True)
    if wanted.problems:
        raise Invalid(f"Row {wanted.problems[0].row}: {wanted.problems[0].reason}", field="file")
    if wanted.seal != seal:
        raise Conflict("The rosters were changed meanwhile; this is what it would do now.")
    return _carried_out(wanted, by=by, accepted=accepted, accepts_all=accepts_all)


def _compared(table: LayerTable, *, by: User, locks: bool) -> LayersImport:
    """What is to change in the rosters that ``table`` names, which it ``locks``; nothing where a row cannot be used."""
    rosters, problems = _managed(table.rosters, by, locks=locks)
    problems += table.problems
    layers = _layers_of(rosters.values())
    people = _people(table.rosters)
    now = clock.now()
    changes = []
    for said in table.rosters:
        roster = rosters.get(said.slug)
        if roster is not None:
            found, refused = _of_roster(roster, layers[roster.pk], said, people=people, now=now)
            problems += refused
            changes.append(RosterChange(roster, tuple(found)))
    if problems:
        return LayersImport(problems=tuple(sorted(set(problems), key=lambda each: (each.row, each.reason))))
    changes = sorted((each for each in changes if each.layers), key=lambda each: (each.roster.name, each.roster.pk))
    everything = "\n".join(line for change in changes for line in in_words(change))
    return LayersImport(tuple(changes), seal=sha256(everything.encode()).hexdigest())


def _carried_out(
    wanted: LayersImport, *, by: User, accepted: Collection[NamedGap] = (), accepts_all: bool = False
) -> LayersImport:
    """Do it, and say with which gaps. Raises LeavesGap as ``import_layers`` does."""
    concerned = queries.with_stood_for(change.roster for change in wanted.changes)
    with refusing_gaps(concerned, by=by, accepted=accepted, accepts_all=accepts_all) as gaps:
        now = clock.now()
        for change in wanted.changes:
            _apply(change, by=by, now=now)
    return replace(wanted, gaps=tuple(gaps))


def _of_roster(
    roster: Roster, layers: Sequence[Layer], said: RosterSaid, *, people: People, now: datetime
) -> tuple[list[LayerChange], list[Problem]]:
    """What becomes of ``layers``, and why not; where there are too many none of them is looked at."""
    try:
        check_layer_count(roster, len(said.layers), before=len(layers))
    except Invalid as too_many:
        return [], [Problem(said.row, str(too_many))]
    found, refused = compared(roster, layers, said, people=people, now=now)
    return found, refused or _standing_still(roster, said, found, kept=len(layers), now=now)


def _managed(said: Sequence[RosterSaid], by: User, *, locks: bool) -> tuple[dict[str, Roster], list[Problem]]:
    """The rosters by their slugs, and where ``by`` manages none such; ``locks`` them with those they stand in for."""
    if len(said) > MOST_ROSTERS:
        raise Invalid(f"It names more than {MOST_ROSTERS} rosters.", field="file")
    teams = access.team_ids(by, Permission.MANAGE)
    named = Roster.objects.filter(slug__in=[each.slug for each in said], team__in=teams)
    rosters = list(named)
    if locks:
        known = {roster.pk for roster in rosters}
        locked = lock(queries.with_stood_for(rosters))
        rosters = [roster for roster in locked if roster.pk in known and roster.team_id in teams]
    found = {roster.slug: roster for roster in rosters}
    problems = [
        Problem(each.row, f"You manage no roster “{each.slug[:60]}”.") for each in said if each.slug not in found
    ]
    return found, problems


def _layers_of(rosters: Iterable[Roster]) -> dict[int, list[Layer]]:
    """The layers of each roster, by its id, with all their parts. Three queries."""
    found: dict[int, list[Layer]] = defaultdict(list)
    layers = Layer.objects.filter(roster__in=list(rosters)).select_related("calendar")
    layers = layers.defer("calendar__good_text", "calendar__unmatched")
    for layer in layers.prefetch_related("members__person", "restrictions"):
        found[layer.roster_id].append(layer)
    return found


def _people(said: Iterable[RosterSaid]) -> People:
    """Who the table names, and who of them could not be on call. Two queries."""
    addresses = {each.value for roster in said for layer in roster.layers for each in layer.people}
    named = User.objects.annotate(address=Lower("email")).filter(address__in=addresses)
    by_address = {person.email.lower(): person for person in named}
    able = set(responders().filter(pk__in=[person.pk for person in by_address.values()]).values_list("pk", flat=True))
    refused: dict[int, str] = {}
    for person in by_address.values():
        try:
            check_stands_in(person, responds=person.pk in able)
        except Invalid as unable:
            refused[person.pk] = str(unable)
    return People(by_address, refused)


def _standing_still(
    roster: Roster, said: RosterSaid, changes: Sequence[LayerChange], *, kept: int, now: datetime
) -> list[Problem]:
    """Why the layers of the roster cannot be changed now, if they are to be."""
    if not changes:
        return []
    if roster.retired_at is not None:
        return [Problem(said.row, f"The roster {roster} is retired.")]
    more = sum((each.verb is Verb.ADDED) - (each.verb is Verb.REMOVED) for each in changes)
    try:
        check_layers_move(roster, now=now)
        check_layer_count(roster, kept + more, before=kept)
    except (RuleViolation, Invalid) as refused:
        return [Problem(said.row, str(refused))]
    return []


def _apply(change: RosterChange, *, by: User, now: datetime) -> None:
    """Write the change, and fill the shifts from ``now`` on."""
    for each in change.layers:
        if each.verb is Verb.REMOVED:
            remove_layer(each.layer, by=by)
        else:
            _save(each, by=by)
    materialise(change.roster, now=now)
    plan_reading(change.roster)


def _save(change: LayerChange, *, by: User) -> None:
    """Write what differs: the layer's own fields, its restrictions, and its people in their order."""
    layer = change.layer
    if change.has_other_fields:
        made_by(layer, by)
        layer.save()
    if change.has_other_ranges:
        set_restrictions(layer, change.ranges, by=by)
    set_people(layer, change.people, by=by)
