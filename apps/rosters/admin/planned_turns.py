"""Turns that an import would add, as its pages list them."""

from __future__ import annotations

from collections.abc import Iterable

from apps.rosters.actions.imports import Entry
from apps.rosters.models import Roster
from apps.teams.models import User


def with_people(entries: Iterable[tuple[Roster, Entry]]) -> list[tuple[Roster, Entry, User]]:
    """The entries with the persons of their turns. One query."""
    entries = list(entries)
    people = User.objects.in_bulk({entry.turn.person for _, entry in entries})
    return [(roster, entry, people[entry.turn.person]) for roster, entry in entries]
