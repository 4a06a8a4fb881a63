"""In which seat each turn of a calendar is: events that overlap take further seats. No database."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.rosters.models import MOST_AT_ONCE, ShiftSource
from apps.rosters.rules import Stretch

Times = tuple[datetime, datetime]
Key = tuple[int, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Claim:
    """A person's turn as the calendar says it; ``seat`` where it says that too."""

    person: int
    start: datetime
    end: datetime
    seat: int | None
    summary: str


def seated(claims: Iterable[Claim], *, held: Mapping[Key, int]) -> tuple[list[Stretch], list[Claim]]:
    """Return the turns by seat and time, without overlaps in any seat, and the claims for which no seat is left.

    First come the claims that say a seat that there can be (MOST_AT_ONCE), and those that had one before (``held``: by
    person, start and end), so that what is over changes no seat of what goes on; the others take the lowest that is
    free, by start. Whoever has a seat already takes no second one at the same time, unless the calendar says so.
    """
    taken = _Taken()
    waiting: list[Claim] = []
    left: list[Claim] = []
    for claim in dict.fromkeys(sorted(claims, key=lambda each: (each.start, each.end, each.person))):
        says_it = claim.seat is not None and claim.seat < MOST_AT_ONCE
        seat = claim.seat if says_it else held.get((claim.person, claim.start, claim.end))
        wanted = says_it or not _overlapping(taken.of_people[claim.person], claim.start, claim.end)
        if seat is not None and wanted and taken.is_free(seat, claim.start, claim.end):
            taken.take(seat, claim.person, claim.start, claim.end)
        else:
            waiting.append(claim)
    for claim in waiting:
        for start, end in list(_uncovered(claim, taken.of_people[claim.person])):
            seat = next((seat for seat in range(MOST_AT_ONCE) if taken.is_free(seat, start, end)), None)
            if seat is None:
                left.append(claim)
            else:
                taken.take(seat, claim.person, start, end)
    return sorted(taken.turns, key=lambda turn: (turn.seat, turn.start)), left


class _Taken:
    """What is taken so far: the times of seats and of people, each in order and without overlaps."""

    def __init__(self) -> None:
        self.of_seats: dict[int, list[Times]] = defaultdict(list)
        self.of_people: dict[int, list[Times]] = defaultdict(list)
        self.turns: list[Stretch] = []

    def is_free(self, seat: int, start: datetime, end: datetime) -> bool:
        """Whether nobody has the seat at any time from ``start`` to ``end``."""
        return not _overlapping(self.of_seats[seat], start, end)

    def take(self, seat: int, person: int, start: datetime, end: datetime) -> None:
        """Give the person the seat, which is free."""
        self.turns.append(Stretch(seat, person, start, end, ShiftSource.LAYER))
        insort(self.of_seats[seat], (start, end))
        theirs = self.of_people[person]
        for other in _overlapping(theirs, start, end):
            theirs.remove(other)
            start, end = min(start, other[0]), max(end, other[1])
        insort(theirs, (start, end))


def _overlapping(taken: list[Times], start: datetime, end: datetime) -> list[Times]:
    """Those of ``taken``, which are in order and do not overlap one another, that overlap [start, end)."""
    first = bisect_left(taken, (start, start))
    if first and taken[first - 1][1] > start:
        first -= 1
    last = first
    while last < len(taken) and taken[last][0] < end:
        last += 1
    return taken[first:last]


def _uncovered(claim: Claim, taken: list[Times]) -> Iterator[Times]:
    """Yield what of ``claim`` lies outside of ``taken``, in order."""
    free_from = claim.start
    for start, end in _overlapping(taken, claim.start, claim.end):
        if free_from < start:
            yield free_from, start
        free_from = max(free_from, end)
    if free_from < claim.end:
        yield free_from, claim.end
