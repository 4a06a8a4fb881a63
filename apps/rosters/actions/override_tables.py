"""Overrides that a table says, for several rosters at once: first looked at, then done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.db import transaction
from django.db.models.functions import Lower

from apps.core import clock
from apps.core.errors import Invalid, NotAllowed
from apps.core.zones import is_known, zone_named
from apps.rosters.actions.imports import MOST_OVERRIDES, Entry, PlannedTurns, apart, import_turns, sorted_out
from apps.rosters.actions.layer_tables import MOST_ROSTERS
from apps.rosters.actions.shifts import lock
from apps.rosters.models import Roster, ShiftSource
from apps.rosters.rules import Stretch
from apps.rosters.tables import OverrideSaid, Problem, instant, read_overrides
from apps.rosters.versions import overrides_at
from apps.rosters.zone_news import unknown
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class OverridesImport:
    """What taking a table of overrides in would do: what is added, what is so already, which rows cannot be used.

    ``planned`` is what ``import_overrides`` does when told so, by the id of the roster.
    """

    added: tuple[tuple[Roster, Entry], ...]
    already: tuple[tuple[Roster, Entry], ...]
    problems: tuple[Problem, ...]
    planned: Mapping[int, PlannedTurns]


def plan_overrides_import(text: bytes, *, by: User) -> OverridesImport:
    """Say what taking the table ``text`` in would do, from now to the horizon; changes nothing.

    Local times are those of each roster (``core.walltime``). Raises Invalid, naming ``file``, for a table that cannot
    be used at all, or would add more than MOST_OVERRIDES.
    """
    table = read_overrides(text)
    rosters = _managed({each.slug for each in table.overrides}, by)
    seen = overrides_at([roster.pk for roster in rosters.values()])
    entries, problems = _entries(table.overrides, rosters)
    problems += table.problems
    added: list[tuple[Roster, Entry]] = []
    already: list[tuple[Roster, Entry]] = []
    planned: dict[int, PlannedTurns] = {}
    for slug, of_roster in entries.items():
        beside = {each.row: other.row for each, other in apart(of_roster, by=attrgetter("seat"))}
        distinct = [each for each in of_roster if each.row not in beside]
        roster = rosters[slug]
        new, old, refused = sorted_out(roster, distinct, now=clock.now())
        added += [(roster, each) for each in new]
        already += [(roster, each) for each in old]
        if new:
            planned[roster.pk] = PlannedTurns.of(new, seen=seen[roster.pk])
        problems += (Problem(row, f"Row {other} is of the same time and seat.") for row, other in beside.items())
        problems += (Problem(each.row, each.problem) for each in refused)
    if len(added) > MOST_OVERRIDES:
        raise Invalid(
            f"It would add {len(added):,} overrides; {MOST_OVERRIDES:,} are allowed. Make it a layer instead.",
            field="file",
        )
    return OverridesImport(
        tuple(sorted(added, key=lambda each: each[1].row)),
        tuple(sorted(already, key=lambda each: each[1].row)),
        tuple(sorted(problems, key=lambda each: each.row)),
        planned,
    )


@transaction.atomic
def import_overrides(planned: Mapping[int, PlannedTurns], *, by: User) -> int:
    """Add an override, with its reason, for each turn that is ``planned``; return how many there were.

    What is so already adds none. All of them or none: raises what ``import_turns`` does, and NotAllowed for a roster
    that there is not.
    """
    rosters = {roster.pk: roster for roster in Roster.objects.filter(pk__in=planned).select_related("team")}
    if missing := set(planned) - set(rosters):
        gone = "A roster is" if len(missing) == 1 else f"{len(missing)} rosters are"
        raise NotAllowed(f"{gone} no longer there.")
    lock({*rosters, *(each.stands_in_for_id for each in rosters.values() if each.stands_in_for_id is not None)})
    return sum(import_turns(rosters[pk], planned[pk], by=by) for pk in sorted(planned))


def _managed(slugs: set[str], by: User) -> dict[str, Roster]:
    """The rosters of these slugs that ``by`` manages."""
    if len(slugs) > MOST_ROSTERS:
        raise Invalid(f"It names more than {MOST_ROSTERS} rosters.", field="file")
    found = Roster.objects.filter(slug__in=slugs, team__in=access.team_ids(by, Permission.MANAGE))
    return {roster.slug: roster for roster in found}


def _entries(
    said: Sequence[OverrideSaid], rosters: Mapping[str, Roster]
) -> tuple[dict[str, list[Entry]], list[Problem]]:
    """The rows as entries by the slug of the roster, and which mean nobody, or no roster that can be changed."""
    people = User.objects.annotate(address=Lower("email")).filter(address__in={each.person for each in said})
    by_address = {person.email.lower(): person.pk for person in people}
    entries: dict[str, list[Entry]] = defaultdict(list)
    problems = []
    for each in said:
        roster, person = rosters.get(each.slug), by_address.get(each.person)
        if roster is None:
            problems.append(Problem(each.row, f"You manage no roster “{each.slug[:60]}”."))
        elif roster.retired_at is not None:
            problems.append(Problem(each.row, f"The roster {roster} is retired."))
        elif person is None:
            problems.append(Problem(each.row, f"Nobody has the mail address {each.person[:100]}."))
        elif not is_known(roster.time_zone):
            problems.append(Problem(each.row, unknown(roster.time_zone)))
        else:
            zone = zone_named(roster.time_zone)
            start, end = instant(each.start, zone), instant(each.end, zone)
            turn = Stretch(each.seat, person, start, end, ShiftSource.OVERRIDE)
            entries[each.slug].append(Entry(turn, each.reason, row=each.row))
    return entries, problems
