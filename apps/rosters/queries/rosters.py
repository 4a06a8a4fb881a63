"""Which rosters there are, which belong together, and how many seats they have. Plain reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from apps.core import clock
from apps.rosters.models import CalendarTurn, Layer, Roster, Shift
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User
from apps.teams.queries import responders


def rosters_at(at: datetime) -> QuerySet[Roster]:
    """The rosters that were in use at the instant ``at``."""
    return Roster.objects.filter(Q(retired_at__isnull=True) | Q(retired_at__gt=at))


def with_stood_for(rosters: Iterable[Roster | None]) -> set[int]:
    """The ids of ``rosters``, where there are any, and of those that they stand in for."""
    pairs = ((roster.pk, roster.stands_in_for_id) for roster in rosters if roster is not None)
    return {pk for pair in pairs for pk in pair if pk is not None}


def standing_in_for(rosters: Iterable[Roster]) -> QuerySet[Roster, int]:
    """The ids of the rosters in use that stand in for any of ``rosters``, now or at another time. One query."""
    found = Roster.objects.filter(stands_in_for__in=list(rosters), retired_at=None)
    return found.order_by().values_list("pk", flat=True)


def with_stand_ins(rosters: Iterable[Roster]) -> set[int]:
    """The ids of ``rosters``, of those that they stand in for, and of those that stand in for them. One query."""
    listed = list(rosters)
    return with_stood_for(listed).union(standing_in_for(listed))


def visible_rosters(person: User) -> QuerySet[Roster]:
    """The rosters that ``person`` may see: of the teams that they may see, and those in which they have shifts.

    The latter only as long as one of the shifts lasts or is still to come, and they can be on call at all.
    """
    theirs = Shift.objects.filter(roster=OuterRef("pk"), person__in=responders().filter(pk=person.pk))
    theirs = theirs.filter(during__endswith__gt=clock.now())
    seen = Q(team__in=access.team_ids(person, Permission.VIEW)) | Q(Exists(theirs))
    return Roster.objects.filter(seen).select_related("team")


def seats(rosters: Iterable[Roster], at: datetime) -> dict[int, int]:
    """How many seats each of ``rosters`` has from ``at`` on, by its id: as many as a layer wants at once; at least one.

    A calendar wants those of its coming turns. The layers of a roster that stands in are those of the other, too, as
    long as it does. Whoever was put in by name makes no seat. Two queries.
    """
    found = {roster.pk: 1 for roster in rosters}
    standing_in = Q(roster__stands_in_for__in=found, roster__stands_in_during__endswith__gt=at, roster__retired_at=None)
    not_over = Q(ends_on=None) | Q(ends_on__gte=(at - timedelta(days=1)).date())  # by whatever clock
    layers = Layer.objects.filter(Q(roster__in=found) | standing_in).filter(not_over).order_by()
    turns = CalendarTurn.objects.filter(source__layer__in=layers, during__endswith__gt=at).order_by()
    roster_of_turn = ("source__layer__roster", "source__layer__roster__stands_in_for")
    wanted = [
        *layers.filter(calendar=None).values_list("roster", "roster__stands_in_for").annotate(count=Max("at_once")),
        *turns.values_list(*roster_of_turn).annotate(count=Max("seat") + 1),
    ]
    for roster, stood_for, count in wanted:
        for pk in (roster, stood_for):
            if pk in found:
                found[pk] = max(found[pk], count)
    return found
