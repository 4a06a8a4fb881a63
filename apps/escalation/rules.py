"""When a level fires, and what keeps it from firing. No database (R9, R12; requirements, "escalation chain")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from apps.core.spans import in_words
from apps.escalation.models import UNDECIDED, LevelState, Unless


@dataclass(frozen=True)
class Answers:
    """What has happened to an incident so far, as far as the chain asks."""

    acknowledged_at: datetime | None
    resolved_at: datetime | None
    ended: bool
    response_started_at: datetime


#: States of a level that is not asked for a second time.
SPENT = (LevelState.FIRED, LevelState.PASSED)


class PlannedLevel(Protocol):
    """What the rules ask of a level of a run."""

    number: int
    unless: str
    due_at: datetime
    state: str


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


def why_not(level: PlannedLevel, answers: Answers) -> str:
    """Why the level is not needed, in words for the timeline; empty when it has to fire."""
    if answers.resolved_at is not None:
        return f"resolved after {in_words(answers.resolved_at - answers.response_started_at)}"
    if answers.ended:
        return "the incident is no longer open"
    if level.unless == Unless.ACKNOWLEDGED and answers.acknowledged_at is not None:
        return f"acknowledged after {in_words(answers.acknowledged_at - answers.response_started_at)}"
    return ""


def carried_over(levels: Sequence[PlannedLevel], *, fired: frozenset[int], now: datetime) -> tuple[set[int], set[int]]:
    """What becomes of the levels of a new chain for an incident that already climbed: (spent, passed) numbers.

    Levels that fired do not fire again. Of those whose time is already past only the highest fires; the ones below
    it are passed (requirements, "a severity changes").
    """
    numbers = {level.number for level in levels}
    spent = {number for number in numbers if number in fired}
    overdue = [level.number for level in levels if level.due_at <= now and level.number not in spent]
    passed = {number for number in overdue if number < max(overdue)} if overdue else set()
    if fired:
        passed |= {number for number in numbers - spent if number < max(fired)}
    return spent, passed


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
    return min(waiting, key=lambda level: level.number, default=None)


def lowest_not_paged(levels: Sequence[LevelT]) -> LevelT | None:
    """The lowest level that was neither paged nor passed; one that was skipped counts, for a person asks for it."""
    left = (level for level in levels if level.state not in SPENT)
    return min(left, key=lambda level: level.number, default=None)


def next_above_paged(levels: Sequence[LevelT], *, spared_too: bool) -> LevelT | None:
    """The first of ``levels``, which are in their order, above the highest that was paged that is still undecided.

    ``spared_too``: or that was skipped.
    """
    highest = max((level.number for level in levels if level.state == LevelState.FIRED), default=0)
    above = (level for level in levels if level.number > highest)
    left = (level for level in above if level.state in UNDECIDED or (spared_too and level.state not in SPENT))
    return next(left, None)


def may_raise_by_itself(levels: Sequence[PlannedLevel], number: int) -> bool:
    """Whether nobody was paged yet on the level ``number`` or above it, and it was not passed."""
    spent = {level.number for level in levels if level.state in SPENT}
    paged = (level.number for level in levels if level.state == LevelState.FIRED)
    return number not in spent and number > max(paged, default=0)


def newly_true(impact: Impact, *, before: Impact | None) -> set[str]:
    """The keys of the triggers whose fact ``impact`` states and the assessment ``before`` did not (R10)."""
    return {key for key, holds in FACTS.items() if holds(impact) and not (before is not None and holds(before))}
