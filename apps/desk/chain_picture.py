"""A chain drawn along the time since the declaration: its levels and rounds on the axis, and who is behind them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt

from apps.escalation import outlook
from apps.escalation.drafts import Draft
from apps.escalation.outlook import Round, Standing
from apps.notifications import reach
from apps.notifications.reach import Reach
from apps.teams.models import Team, User

#: The axis leaves so much room on either side, in percent of its width.
MARGIN = 6.0
#: Times closer than this, in percent, would be written over one another.
LABEL_ROOM = 15.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A level (or several that are due together) or the start of a round; ``x`` in percent as SVG writes it."""

    x: str
    text: str
    time: timedelta
    is_round: bool
    labelled: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A chain as it would be climbed now for an incident of ``team``.

    ``silent`` are those behind its levels whom a page reaches without waking them: nothing of theirs rings.
    """

    team: Team | None
    rungs: list[Standing]
    rounds: list[Round]
    marks: list[Mark]
    silent: list[User]


def drawn(draft: Draft, *, team: Team | None) -> Picture:
    """The picture of the chain; the number of queries depends on how many different targets there are."""
    rungs, rounds = outlook.standing(draft, team=team), outlook.rounds(draft)
    return Picture(
        team=team,
        rungs=rungs,
        rounds=rounds,
        marks=marks([(rung.level.number, rung.level.after) for rung in draft.rungs], rounds),
        silent=_silent(rungs),
    )


def _silent(rungs: list[Standing]) -> list[User]:
    people = {person for rung in rungs for found in (rung.found, rung.outside) if found for person in found.people}
    reached = reach.of_people(people)
    return [person for person in people if reached.get(person.pk) is Reach.SILENTLY]


def marks(levels: Sequence[tuple[int, timedelta]], rounds: Sequence[Round]) -> list[Mark]:
    """The marks of a chain of ``levels`` (number and time) and its rounds, from left to right.

    Time is drawn by its square root: the first hour, in which most happens, gets the most room.
    """
    if not levels:
        return []
    longest = max(after for _, after in levels)
    whole = rounds[-1].begins + longest if rounds else longest
    due: dict[timedelta, list[int]] = {}
    for number, after in levels:
        due.setdefault(after, []).append(number)
    placed = [(after, "+".join(map(str, numbers)), False) for after, numbers in sorted(due.items())]
    placed += [(each.begins, str(each.number), True) for each in rounds if each.number > 1]
    drawn: list[Mark] = []
    last_label = -LABEL_ROOM
    for time, text, is_round in placed:
        x = MARGIN + (100 - 2 * MARGIN) * (sqrt(time / whole) if whole else 0)
        labelled = x - last_label >= LABEL_ROOM
        last_label = x if labelled else last_label
        drawn.append(Mark(x=f"{x:.1f}%", text=text, time=time, is_round=is_round, labelled=labelled))
    return drawn
