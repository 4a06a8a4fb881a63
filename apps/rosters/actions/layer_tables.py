"""Layers and people of rosters, made what a table says: first looked at, then done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models.functions import Lower

from apps.core import clock
from apps.core.errors import Conflict, Invalid, RuleViolation
from apps.core.history import made_by
from apps.rosters.actions.calendars import plan_reading
from apps.rosters.actions.checks import check_layer_count, check_layers_move
from apps.rosters.actions.gaps import newly_uncovered, uncovered
from apps.rosters.actions.layers import remove_layer, set_people, set_restrictions
from apps.rosters.actions.overrides import check_stands_in
from apps.rosters.actions.shifts import lock, materialise
from apps.rosters.layer_changes import LayerChange, People, RosterChange, Verb, compared, in_words
from apps.rosters.models import Layer, Roster
from apps.rosters.rules import Window, outside
from apps.rosters.tables import Problem, RosterSaid, read_layers
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User
from apps.teams.queries import responders

#: So many rosters are changed at once: all of them wait for one another.
MOST_ROSTERS = 100


@dataclass(frozen=True, slots=True)
class RosterGaps:
    """When nobody would be on call for a roster who is now."""

    roster: Roster
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class LayersImport:
    """What taking a table of layers in does: the rosters that change, by name; or why rows of it cannot be used.

    The gaps that it makes may be in rosters that others stand in for, too.
    """

    changes: tuple[RosterChange, ...] = ()
    gaps: tuple[RosterGaps, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def seal(self) -> str:
        """The same for imports that do the same, whatever gaps they make."""
        return sha256("\n".join(line for change in self.changes for line in in_words(change)).encode()).hexdigest()


def plan_layers_import(text: bytes, *, by: User) -> LayersImport:
    """Say what taking the table ``text`` in would do, by doing it on trial; changes nothing.

    Raises Invalid, naming ``file``, for a table that cannot be used at all.
    """
    with transaction.atomic():
        found = _carried_out(text, by=by)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def import_layers(text: bytes, *, by: User, seal: str, accepted: Mapping[int, Sequence[Window]]) -> LayersImport:
    """Make the rosters that ``text`` names what it says, from now on, and return what was done; all or nothing.

    A roster's layers become those of the table: one that it does not name goes, but for those whose turns come from a
    calendar. Only what differs is written. Rosters of teams that ``by`` does not manage are as unknown as those that
    there are not. Raises Invalid, naming ``file``, where a row cannot be used, or nothing of it; Conflict where it
    would do something else than what has this ``seal``; RuleViolation for gaps that are not among ``accepted``, by
    the id of the roster.
    """
    done = _carried_out(text, by=by)
    if done.problems:
        raise Invalid(f"Row {done.problems[0].row}: {done.problems[0].reason}", field="file")
    if done.seal != seal:
        raise Conflict("The rosters were changed meanwhile; this is what it would do now.")
    for made in done.gaps:
        if list(outside(made.windows, accepted.get(made.roster.pk, ()))):
            raise RuleViolation(f"There are times at which nobody would be on call for {made.roster}.")
    return done


def _carried_out(text: bytes, *, by: User) -> LayersImport:
    """Do it, and say what was done; nothing where a row cannot be used."""
    table = read_layers(text)
    rosters, stood_for, problems = _locked(table.rosters, by)
    problems += table.problems
    layers = _layers_of(rosters.values())
    people = _people(table.rosters)
    now = clock.now()
    changes = []
    for said in table.rosters:
        roster = rosters.get(said.slug)
        if roster is not None:
            found, refused = compared(roster, layers[roster.pk], said, people=people, now=now)
            problems += refused or _standing_still(roster, said, found, kept=len(layers[roster.pk]), now=now)
            changes.append(RosterChange(roster, tuple(found)))
    if problems:
        return LayersImport(problems=tuple(sorted(set(problems), key=lambda each: (each.row, each.reason))))
    changes = sorted((each for each in changes if each.layers), key=lambda each: (each.roster.name, each.roster.pk))
    concerned = {change.roster.pk: change.roster for change in changes}
    for change in changes:
        if change.roster.stands_in_for_id is not None:
            concerned.setdefault(change.roster.stands_in_for_id, stood_for[change.roster.stands_in_for_id])
    before = {pk: uncovered(roster, now=now) for pk, roster in concerned.items()}
    for change in changes:
        _apply(change, by=by, now=now)
    made = [
        RosterGaps(roster, tuple(newly_uncovered(before[pk], uncovered(roster, now=now))))
        for pk, roster in concerned.items()
    ]
    return LayersImport(tuple(changes), tuple(each for each in made if each.windows))


def _locked(said: Sequence[RosterSaid], by: User) -> tuple[dict[str, Roster], dict[int, Roster], list[Problem]]:
    """The rosters by their slugs, all that were locked with them by their ids, and where ``by`` manages none such."""
    if len(said) > MOST_ROSTERS:
        raise Invalid(f"It names more than {MOST_ROSTERS} rosters.", field="file")
    teams = access.team_ids(by, Permission.MANAGE)
    named = Roster.objects.filter(slug__in=[each.slug for each in said], team__in=teams)
    known = dict(named.values_list("pk", "stands_in_for"))
    locked = lock({*known, *(pk for pk in known.values() if pk is not None)})
    found = {roster.slug: roster for roster in locked if roster.pk in known and roster.team_id in teams}
    problems = [
        Problem(each.row, f"You manage no roster “{each.slug[:60]}”.") for each in said if each.slug not in found
    ]
    return found, {roster.pk: roster for roster in locked}, problems


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
