"""A calendar taken into a roster once, as overrides: first looked at, then done."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from operator import attrgetter, itemgetter

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.core import clock
from apps.core.errors import Conflict, Invalid
from apps.core.zones import zone_named
from apps.rosters import queries, rules
from apps.rosters.actions.calendars import window_at
from apps.rosters.actions.overrides import check_seat, check_seat_lasts, check_stands_in, in_another_seat, put_in
from apps.rosters.actions.shifts import locked, materialise
from apps.rosters.calendars import reading
from apps.rosters.calendars.turns import Unmatched, directory, turns_of
from apps.rosters.coverage.reading import seats_over_time
from apps.rosters.models import Roster, ShiftSource
from apps.rosters.rules import Stretch, Window, outside
from apps.rosters.versions import overrides_at
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

#: A calendar that would change more is a layer.
MOST_OVERRIDES = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A turn that a calendar or table says, what it calls it, and for one that cannot be taken in: why.

    ``row`` is where it stands in a table; 0 for a calendar.
    """

    turn: Stretch
    summary: str
    problem: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class PlannedTurns:
    """What was looked at and is to be added to a roster: turns, each with its reason.

    ``seen`` is what the roster's overrides were at then (``versions.overrides_at``).
    """

    turns: tuple[tuple[Stretch, str], ...]
    seen: int

    @classmethod
    def of(cls, added: Iterable[Entry], *, seen: int) -> PlannedTurns:
        """What adding the entries ``added`` is."""
        return cls(tuple((entry.turn, entry.summary) for entry in added), seen)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What taking a calendar in would do: overrides to be added, what is so already, what is refused, and nobody's.

    ``planned`` is what ``import_turns`` does when told so.
    """

    added: list[Entry]
    already: list[Entry]
    refused: list[Entry]
    unmatched: list[Unmatched]
    planned: PlannedTurns


def plan_import(roster: Roster, text: bytes) -> ImportPlan:
    """Say what taking the calendar ``text`` into ``roster`` would do, from now to the horizon; changes nothing.

    Raises Unreadable for a calendar that cannot be used, or would add more than MOST_OVERRIDES.
    """
    now = clock.now()
    expansion = reading.read(text, window=window_at(now), zone=zone_named(roster.time_zone))
    seen = overrides_at([roster.pk])[roster.pk]
    made = turns_of(expansion, directory(), held={})
    entries = [Entry(turn, made.summaries.get((turn.person, turn.start, turn.end), "")) for turn in made.turns]
    added, already, refused = sorted_out(roster, entries, now=now)
    if len(added) > MOST_OVERRIDES:
        raise reading.Unreadable(
            f"It would add {len(added):,} overrides; {MOST_OVERRIDES:,} are allowed. Make it a layer instead."
        )
    return ImportPlan(added, already, refused, made.unmatched, PlannedTurns.of(added, seen=seen))


@transaction.atomic
def import_turns(roster: Roster, planned: PlannedTurns, *, by: User) -> int:
    """Add an override, with its reason, for each turn of ``planned`` that is not so already; return how many it were.

    What begins in the past begins now. All or nothing: raises NotAllowed unless ``by`` manages the roster's team,
    Invalid for a turn that no override can be, RuleViolation for a retired roster; and Conflict where an override was
    put in or taken back since it was looked at: what somebody took back is not added again.
    """
    access.require_for_team(by, Permission.MANAGE, roster.team)
    roster = locked(roster)
    now = clock.now()
    added, _, refused = sorted_out(roster, [Entry(turn, reason) for turn, reason in planned.turns], now=now)
    if refused:
        raise Invalid(refused[0].problem)
    if added and overrides_at([roster.pk])[roster.pk] != planned.seen:
        raise Conflict(f"Overrides of {roster} were changed since this was looked at: look again at what it would do.")
    people = User.objects.in_bulk({entry.turn.person for entry in added})
    for entry in added:
        put_in(
            roster,
            person=people[entry.turn.person],
            during=DateTimeTZRange(entry.turn.start, entry.turn.end),
            by=by,
            reason=entry.summary,
            seat=entry.turn.seat,
            now=now,
        )
    if added:
        materialise(roster, now=now)
    return len(added)


def sorted_out(
    roster: Roster, entries: Sequence[Entry], *, now: datetime
) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """Tell apart what is to be added, from ``now`` on, what is so already, and what no override can be.

    That nobody gets two seats at once is judged by what all of them together make of the time: two people may change
    seats. As many queries for many as for few.
    """
    people = User.objects.in_bulk({entry.turn.person for entry in entries})
    seats = queries.seats([roster], now)[roster.pk]
    over_time = seats_over_time([roster.pk], Window(now, now + settings.ROSTER_HORIZON))[roster.pk]
    held = _Held(roster, now)
    added: list[Entry] = []
    already: list[Entry] = []
    refused: list[Entry] = []
    for entry in entries:
        turn = entry.turn
        if turn.start < turn.end and (turn.end <= now or held.by(turn)):
            already.append(entry)
            continue
        try:
            check_stands_in(people[turn.person])
            rules.check_override(turn.start, turn.end, now=now, horizon=settings.ROSTER_HORIZON)
            check_seat(roster, turn.seat, seats=seats)
            check_seat_lasts(roster, turn.seat, Window(max(turn.start, now), turn.end), seats=over_time)
        except Invalid as error:
            refused.append(replace(entry, problem=str(error)))
        else:
            added.append(replace(entry, turn=replace(turn, start=max(turn.start, now), source=ShiftSource.OVERRIDE)))
    beside = [
        replace(each, problem=f"Row {other.row} has the same person at the same time." if other.row else "")
        for each, other in apart(added, by=attrgetter("person"))
    ]
    rows = {(each.turn, each.row) for each in beside}
    added, twice = held.in_one_seat([each for each in added if (each.turn, each.row) not in rows])
    refused += (
        replace(each, problem=each.problem or in_another_seat(roster, people[each.turn.person]))
        for each in (*beside, *twice)
    )
    return added, already, refused


def apart(entries: Iterable[Entry], *, by: Callable[[Stretch], int]) -> list[tuple[Entry, Entry]]:
    """Of entries that are the same ``by`` something and overlap: the later one, and the one that it is beside."""
    last: dict[int, Entry] = {}
    found = []
    for entry in sorted(entries, key=lambda each: (each.turn.start, each.row)):
        other = last.get(by(entry.turn))
        if other is not None and entry.turn.start < other.turn.end and entry.turn.start < entry.turn.end:
            found.append((entry, other))
        elif other is None or entry.turn.end > other.turn.end:
            last[by(entry.turn)] = entry
    return found


class _Held:
    """Who holds each seat of a roster from ``now`` on, to the second: calendars know no less."""

    def __init__(self, roster: Roster, now: datetime) -> None:
        self._now = now
        self._shifts: dict[int, list[tuple[datetime, datetime, int]]] = defaultdict(list)
        for shift in roster.shifts.filter(during__endswith__gt=now).order_by("during"):
            start, end = shift.start.replace(microsecond=0), shift.end.replace(microsecond=0)
            if start < end:
                self._shifts[shift.seat].append((start, end, shift.person_id))

    def by(self, turn: Stretch) -> bool:
        """Whether the person of ``turn`` holds its seat for all of what is to come of it."""
        reached = max(turn.start, self._now.replace(microsecond=0))
        shifts = self._shifts[turn.seat]
        place = max(bisect_right(shifts, reached, key=itemgetter(0)) - 1, 0)
        while reached < turn.end:
            if place >= len(shifts) or shifts[place][0] > reached or shifts[place][2] != turn.person:
                return False
            reached = max(reached, shifts[place][1])
            place += 1
        return True

    def in_one_seat(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Tell apart what puts nobody into two seats at once, with all of that together, and what would.

        What is left out gives the seat back to whoever holds it, who then may have no other: so it is looked at again
        until nothing more is left out.
        """
        kept, left = list(entries), []
        looked_at = kept
        while lost := [each for each in looked_at if self._has_another_seat(each.turn, kept)]:
            left += lost
            gone = set(lost)
            kept = [each for each in kept if each not in gone]
            looked_at = [each for each in kept if any(_overlap(each.turn, other.turn) for other in lost)]
        return kept, left

    def _has_another_seat(self, turn: Stretch, kept: Iterable[Entry]) -> bool:
        """Whether the person of ``turn`` holds another seat at any time of it, once ``kept`` are in."""
        for seat, shifts in self._shifts.items():
            if seat == turn.seat:
                continue
            first = max(bisect_right(shifts, turn.start, key=itemgetter(0)) - 1, 0)
            theirs = [
                Window(max(start, turn.start), min(end, turn.end))
                for start, end, person in takewhile(lambda shift: shift[0] < turn.end, islice(shifts, first, None))
                if person == turn.person and turn.start < end
            ]
            if not theirs:
                continue
            taken = [Window(each.turn.start, each.turn.end) for each in kept if each.turn.seat == seat]
            if any(outside(theirs, sorted(taken, key=attrgetter("start")))):
                return True
        return False


def _overlap(turn: Stretch, other: Stretch) -> bool:
    return turn.start < other.end and other.start < turn.end
