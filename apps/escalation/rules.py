"""When a level fires, and what keeps it from firing. No database (R9, R12; requirements, "escalation chain")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from apps.core.errors import Invalid
from apps.core.spans import in_words
from apps.escalation.models import UNDECIDED, LevelState, OutsideHours, Unless


@dataclass(frozen=True)
class Answers:
    """What has happened to an incident so far, as far as the chain asks."""

    acknowledged_at: datetime | None
    resolved_at: datetime | None
    ended: bool
    response_started_at: datetime


#: Where a level stands in a run: its round and its number.
Place = tuple[int, int]

#: States of a level that is not asked for a second time.
SPENT = (LevelState.FIRED, LevelState.PASSED)


class PlannedLevel(Protocol):
    """What the rules ask of a level of a run."""

    round: int
    number: int
    unless: str
    outside_hours: str
    due_at: datetime
    state: str

    @property
    def place(self) -> Place: ...


class Impact(Protocol):
    """What the rules ask of an assessment of an incident's impact; None: not known."""

    @property
    def customers_affected(self) -> int | None: ...

    @property
    def revenue_impact(self) -> Decimal | None: ...

    @property
    def security_implications(self) -> bool: ...

    @property
    def media_attention(self) -> bool: ...


#: Which fact of an assessment raises by which trigger; several customers are two (R10).
FACTS: Mapping[str, Callable[[Impact], bool]] = {
    "several_customers": lambda impact: (impact.customers_affected or 0) >= 2,
    "revenue": lambda impact: (impact.revenue_impact or 0) > 0,
    "security": lambda impact: impact.security_implications,
    "media": lambda impact: impact.media_attention,
}

LevelT = TypeVar("LevelT", bound=PlannedLevel)


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when a level that is due is held back, and what it waits for: working hours, maintenance, or a hold.

    ``maintenance`` is what is said of the maintenance, empty where it is another thing.
    """

    until: datetime
    for_hours: bool
    maintenance: str = ""


def why_not(level: PlannedLevel, answers: Answers) -> str:
    """Why the level is not needed, in words for the timeline; empty when it has to fire."""
    if answers.resolved_at is not None:
        return f"resolved after {in_words(answers.resolved_at - answers.response_started_at)}"
    if answers.ended:
        return "the incident is no longer open"
    if level.unless == Unless.ACKNOWLEDGED and answers.acknowledged_at is not None:
        return f"acknowledged after {in_words(answers.acknowledged_at - answers.response_started_at)}"
    return ""


def wait_of(
    level: PlannedLevel, *, at: datetime, held_until: datetime | None, opening: Callable[[datetime], datetime]
) -> Wait | None:
    """What keeps the level from firing at that instant; None: nothing.

    A hold comes first; at its end working hours are asked where the level waits for them. ``opening`` gives the first
    instant from another on at which work is done.
    """
    free = held_until if held_until is not None and held_until > at else at
    open_at = opening(free) if level.outside_hours == OutsideHours.WAIT else free
    return Wait(until=open_at, for_hours=open_at > free) if open_at > at else None


def rounds(count: int, every: timedelta | None, longest: timedelta) -> Iterator[tuple[int, timedelta]]:
    """The number of each round and when it begins: the first at once, then ``count`` repeats.

    Rounds never overlap, whatever was edited meanwhile: the next begins no sooner than the last level's time.
    """
    length = max(every or longest, longest)
    for number in range(count + 1):
        yield number + 1, number * length


def check_chain(levels: Sequence[tuple[int, timedelta]], *, repeats: int, repeat_every: timedelta | None) -> None:
    """Raise Invalid unless levels of these numbers and times can be climbed in their order, round after round."""
    in_order = sorted(levels)
    numbers, times = [number for number, _ in in_order], [after for _, after in in_order]
    if not levels:
        raise Invalid("A chain has at least one level.", field="levels")
    if len(set(numbers)) < len(numbers):
        raise Invalid("Every level has a number of its own.", field="levels")
    if numbers[0] != 1:
        raise Invalid("A chain begins with level 1.", field="levels")
    if times != sorted(times):
        raise Invalid("A higher level is never due before a lower one.", field="levels")
    if repeats and repeat_every is not None and times[-1] >= repeat_every:
        raise Invalid("The next round would begin before the last level is due.", field="repeat_every")


def check_targets(outside_hours: str, *, marked: Sequence[bool]) -> None:
    """Raise Invalid unless a level names somebody for the hours that it speaks of.

    ``marked`` says of each of its targets whether it is for outside hours, which says nothing where the level pages
    the same targets at any time.
    """
    if not marked:
        raise Invalid("Name whom the level pages.", field="targets")
    if outside_hours == OutsideHours.OTHER:
        if not any(marked) or all(marked):
            raise Invalid("Name somebody for working hours, and somebody marked for outside them.", field="targets")
    elif any(marked):
        raise Invalid("Mark somebody for outside hours only where the level pages others then.", field="targets")


def current_round(levels: Sequence[PlannedLevel], *, now: datetime) -> int:
    """The round that the run is in: the last one of which a level was decided or is due."""
    begun = (level.round for level in levels if level.state not in UNDECIDED or level.due_at <= now)
    return max(begun, default=1)


def carried_over(
    levels: Sequence[PlannedLevel], *, fired: frozenset[Place], now: datetime
) -> tuple[set[Place], set[Place]]:
    """What becomes of the levels of a new chain for an incident that already climbed: (spent, passed) places.

    Levels that fired do not fire again. Of those whose time is already past only the highest fires; the ones below
    it are passed (requirements, "a severity changes").
    """
    places = {level.place for level in levels}
    spent = places & fired
    overdue = [level.place for level in levels if level.due_at <= now and level.place not in spent]
    passed = {place for place in overdue if place < max(overdue)} if overdue else set()
    if fired:
        passed |= {place for place in places - spent if place < max(fired)}
    return spent, passed


def within(place: Place, rounds: int) -> Place:
    """The place in a chain of so many rounds: what was paged in a later one counts for the last that it has."""
    return min(place[0], rounds), place[1]


def named_in(text: str, names: Iterable[str]) -> set[str]:
    """Which of ``names`` the text speaks of: by a word that no other name has ("GitHub", not "Support")."""
    words = {name: _words(name) for name in names}
    often = Counter(word for of_name in words.values() for word in of_name)
    spoken = _words(text)
    return {name for name, of_name in words.items() if any(often[word] == 1 for word in of_name & spoken)}


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def next_to_fire(levels: Sequence[LevelT], answers: Answers) -> LevelT | None:
    """The lowest undecided level that would fire if nothing more happened."""
    waiting = (level for level in levels if level.state in UNDECIDED and not why_not(level, answers))
    return min(waiting, key=lambda level: level.place, default=None)


def lowest_not_paged(levels: Sequence[LevelT], *, now: datetime) -> LevelT | None:
    """The lowest level from the current round on that was neither paged nor passed.

    One that was skipped counts, for a person asks for it.
    """
    begun = current_round(levels, now=now)
    left = (level for level in levels if level.round >= begun and level.state not in SPENT)
    return min(left, key=lambda level: level.place, default=None)


def may_raise_by_itself(levels: Sequence[PlannedLevel], number: int, *, now: datetime) -> bool:
    """Whether in the current round nobody was paged yet on the level ``number`` or above it, and it was not passed."""
    begun = current_round(levels, now=now)
    spent = [level for level in levels if level.round == begun and level.state in SPENT]
    paged = (level.number for level in spent if level.state == LevelState.FIRED)
    return number not in {level.number for level in spent} and number > max(paged, default=0)


def next_above_paged(levels: Sequence[LevelT], *, spared_too: bool) -> LevelT | None:
    """The lowest level above the highest that was paged, in its round, that is still undecided.

    ``spared_too``: or that was skipped. The next round keeps its time: by then there may be somebody again.
    """
    begun, highest = max((level.place for level in levels if level.state == LevelState.FIRED), default=(1, 0))
    above = (level for level in levels if level.round == begun and level.number > highest)
    left = (level for level in above if level.state in UNDECIDED or (spared_too and level.state not in SPENT))
    return min(left, key=lambda level: level.place, default=None)


def counting_again(spared: Sequence[LevelT], *, paged: Place, now: datetime) -> list[LevelT]:
    """Which of the levels that a reassignment spared count again once it is declined; ``paged``: the highest paged.

    Those above it in its round, and of later rounds those whose time is still to come: a round that went by while
    somebody was on it is not made up for.
    """
    above = (level for level in spared if level.place > paged)
    return [level for level in above if level.round == paged[0] or level.due_at > now]


def newly_true(impact: Impact, *, before: Impact | None) -> set[str]:
    """The keys of the triggers whose fact ``impact`` states and the assessment ``before`` did not (R10)."""
    return {key for key, holds in FACTS.items() if holds(impact) and not (before is not None and holds(before))}


def whose_turn(people: Sequence[int], turns: Mapping[int, int]) -> int:
    """Which of ``people`` is paged next, given the number of each one's last turn: the longest spared, then in order.

    Who was never paged comes first, so that nobody who joins is left out, and nobody who leaves holds up the others.
    """
    return min(people, key=lambda person: turns.get(person, 0))
