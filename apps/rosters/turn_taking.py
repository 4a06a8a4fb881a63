"""Who takes turns in rosters, by their layers or by calendars, and in which rosters somebody does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q, QuerySet

from apps.rosters.models import CalendarTurn, LayerMember, Roster
from apps.rosters.rules import Window
from apps.teams.models import User
from apps.teams.queries import responders


def turns_taken(rosters: Iterable[Roster | int], *, during: Window | None = None) -> QuerySet[Any, tuple[int, int]]:
    """Who takes turns in ``rosters``, by a layer or by its calendar: the ids of roster and person, each pair once.

    One query. With ``during`` only in layers that last at some time of it, by the day, whether or not their turn comes;
    of a calendar, whoever has a turn then.
    """
    members, turns = _places(rosters, during), _turns(rosters, during)
    in_layers = members.order_by().values_list("layer__roster", "person")
    return in_layers.union(turns.order_by().values_list("source__layer__roster", "person"))


def people_in_turn(roster: Roster, at: datetime) -> QuerySet[User]:
    """Who takes turns in ``roster`` from ``at`` on, as far as shifts are planned, and can be on call. One query."""
    during = Window(at, at + settings.ROSTER_HORIZON)
    members, turns = _places([roster], during), _turns([roster], during)
    return responders().filter(Q(pk__in=members.values("person")) | Q(pk__in=turns.values("person")))


def has_turns_of(person: User) -> Q:
    """Which rosters ``person`` takes turns in, by a layer or by its calendar; a roster may be found several times."""
    return Q(layers__members__person=person) | Q(layers__calendar__turns__person=person)


def teams_of_turns(person: User) -> set[int]:
    """The ids of the teams in whose rosters in use ``person`` takes turns, or in one that stands in for theirs.

    One query.
    """
    found = Roster.objects.filter(has_turns_of(person), retired_at=None).order_by()
    pairs = found.values_list("team", "stands_in_for__team")
    return {team for pair in pairs for team in pair if team is not None}


def _places(rosters: Iterable[Roster | int], during: Window | None) -> QuerySet[LayerMember]:
    members = LayerMember.objects.filter(layer__roster__in=rosters, layer__calendar=None)
    if during is None:
        return members
    lasting = Q(layer__ends_on=None) | Q(layer__ends_on__gte=during.start.date())
    return members.filter(lasting, layer__starts_on__lte=during.end.date())


def _turns(rosters: Iterable[Roster | int], during: Window | None) -> QuerySet[CalendarTurn]:
    turns = CalendarTurn.objects.filter(source__layer__roster__in=rosters)
    return turns if during is None else turns.filter(during__overlap=DateTimeTZRange(during.start, during.end))
