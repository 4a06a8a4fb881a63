"""Turns that an import would add: shown first, and carried out just as they were shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.core import signing

from apps.rosters.actions.imports import Entry
from apps.rosters.models import Roster, ShiftSource
from apps.rosters.rules import Stretch
from apps.teams.models import User

#: What was shown is carried out within this time, or looked at anew.
PLAN_HOLDS = timedelta(hours=1)


def with_people(entries: Iterable[tuple[Roster, Entry]]) -> list[tuple[Roster, Entry, User]]:
    """The entries with the persons of their turns, as the pages list them. One query."""
    entries = list(entries)
    people = User.objects.in_bulk({entry.turn.person for _, entry in entries})
    return [(roster, entry, people[entry.turn.person]) for roster, entry in entries]


def sealed(added: Iterable[tuple[Roster, Entry]], *, salt: str) -> str:
    """What is to be added, so that just this is done when it comes back."""
    rows = [
        (roster.pk, turn.seat, turn.person, turn.start.timestamp(), turn.end.timestamp(), entry.summary)
        for roster, entry in added
        for turn in (entry.turn,)
    ]
    return signing.dumps(rows, salt=salt, compress=True)


def unsealed(planned: str, *, salt: str) -> dict[int, list[tuple[Stretch, str]]]:
    """What was said to be added, each with its reason, by the id of the roster. Raises BadSignature for all else."""
    found: dict[int, list[tuple[Stretch, str]]] = defaultdict(list)
    for roster, seat, person, start, end, reason in signing.loads(planned, salt=salt, max_age=PLAN_HOLDS):
        turn = Stretch(seat, person, _instant(start), _instant(end), ShiftSource.OVERRIDE)
        found[roster].append((turn, reason))
    return dict(found)


def _instant(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)
