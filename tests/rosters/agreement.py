"""Stored shifts beside what a roster says, and what of them lies behind."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from operator import itemgetter

from apps.core import clock
from apps.rosters.models import Roster, Shift
from apps.rosters.planning import planned
from apps.rosters.rules import Window

#: Who holds a seat, from when to when, and where that comes from.
Held = tuple[int, int, datetime, datetime, str]


def stored(roster: Roster, window: Window) -> list[Held]:
    """The stored shifts of ``roster``, clipped to ``window``, by seat and time."""
    rows = Shift.objects.filter(roster=roster, during__overlap=(window.start, window.end))
    return [
        (each.seat, each.person_id, max(each.start, window.start), min(each.end, window.end), each.source)
        for each in rows.order_by("seat", "during")
    ]


def says(roster: Roster, window: Window) -> list[Held]:
    """What layers, leave and exceptions of ``roster``, as it is in the database, say of ``window``."""
    found = planned(Roster.objects.get(pk=roster.pk), window)
    return [(each.seat, each.person, each.start, each.end, each.source.value) for each in found]


def check_agreement(*rosters: Roster, until: datetime) -> None:
    """From now ``until`` then the stored shifts of each roster are what it says; nobody shares a seat or has two."""
    window = Window(clock.now(), until)
    for roster in rosters:
        held = stored(roster, window)
        assert held == says(roster, window), roster
        for (seat, _, _, end, _), (of, _, start, _, _) in pairwise(held):
            assert seat != of or end <= start
        for (_, person, _, end, _), (_, of, start, _, _) in pairwise(sorted(held, key=itemgetter(1, 2))):
            assert person != of or end <= start


def behind(roster: Roster, at: datetime) -> list[tuple[int, Held]]:
    """What of the rows of ``roster`` lies before ``at``: those that are over whole, running ones up to then."""
    rows = Shift.objects.filter(roster=roster, during__startswith__lt=at).order_by("seat", "during")
    return [(each.pk, (each.seat, each.person_id, each.start, min(each.end, at), each.source)) for each in rows]
