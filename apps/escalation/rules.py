"""When a level fires, and what keeps it from firing. No database (R9, R12; requirements, "escalation chain")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from apps.core.spans import in_words
from apps.escalation.models import UNDECIDED, Unless


@dataclass(frozen=True)
class Answers:
    """What has happened to an incident so far, as far as the chain asks."""

    acknowledged_at: datetime | None
    resolved_at: datetime | None
    ended: bool
    response_started_at: datetime


class PlannedLevel(Protocol):
    """What the rules ask of a level of a run."""

    number: int
    unless: str
    due_at: datetime
    state: str


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
