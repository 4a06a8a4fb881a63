"""Swaps, leave, shadows and handover notes. Plain reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, FilteredRelation, Q, QuerySet

from apps.rosters.models import Absence, HandoverNote, Roster, Shadow, Swap, SwapState
from apps.rosters.queries.rosters import rosters_at, visible_rosters
from apps.rosters.rules import Window
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.models import User

#: A handover note older than this is history.
NOTES_KEPT_IN_VIEW = timedelta(days=14)


def open_swaps(at: datetime) -> QuerySet[Swap]:
    """The swaps that wait for an answer and are not over at ``at``, the earliest first, with roster and people."""
    found = Swap.objects.filter(state=SwapState.ASKED, during__endswith__gt=at, roster__retired_at=None)
    return found.select_related("roster__team", "asked_by", "asked_of").order_by("during", "pk")


def open_swaps_of(person: User, at: datetime) -> QuerySet[Swap]:
    """The open swaps as of ``at`` that ``person`` asked for or is asked for by name, the earliest first."""
    return open_swaps(at).filter(Q(asked_of=person) | Q(asked_by=person))


def swaps_for(person: User, at: datetime) -> QuerySet[Swap]:
    """The open swaps that ``person`` can answer or asked for: theirs, and requests for cover of their teams."""
    cover = Q(asked_of=None, roster__team__in=access.team_ids(person, Permission.RESPOND))
    return open_swaps_of(person, at) | open_swaps(at).filter(cover)


def visible_swaps(person: User) -> QuerySet[Swap]:
    """The swaps that ``person`` may see: of the rosters that they may see, and those that concern them."""
    theirs = Q(roster__in=visible_rosters(person)) | Q(asked_of=person) | Q(asked_by=person)
    return Swap.objects.filter(access.in_reach(person, "roster__team"), theirs)


def is_away(person: User, during: Window) -> bool:
    """Whether ``person`` is away at any time of ``during``. One query."""
    return person.absences.filter(during__overlap=DateTimeTZRange(during.start, during.end)).exists()


def absences_of(people: Iterable[User | int], at: datetime) -> QuerySet[Absence]:
    """The running and coming absences of ``people`` as of ``at``, earliest first, with the person."""
    found = Absence.objects.filter(person__in=people, during__endswith__gt=at)
    return found.select_related("person").order_by("during", "pk")


def handover_notes(roster: Roster, at: datetime) -> QuerySet[HandoverNote]:
    """The notes written within NOTES_KEPT_IN_VIEW before ``at``, the newest first, with their authors."""
    recent = roster.handover_notes.filter(written_at__gt=at - NOTES_KEPT_IN_VIEW, written_at__lte=at)
    return recent.select_related("author")


def shadows_of(people: Iterable[User | int], at: datetime) -> list[tuple[Shadow, int]]:
    """Who looks over the shoulder of any of ``people`` at ``at``: each shadow, and the id of whom they watch then.

    Those are the active shadows of the rosters in use in which one of ``people`` holds a seat. One query.
    """
    found = (
        Shadow.objects.annotate(
            held=FilteredRelation("roster__shifts", condition=Q(roster__shifts__during__contains=at))
        )
        .filter(Q(of=None) | Q(of=F("held__person")), held__person__in=people)
        .filter(during__contains=at, person__is_active=True, roster__in=rosters_at(at))
        .exclude(person=F("held__person"))
        .annotate(watched=F("held__person"))
    )
    rows = found.select_related("person", "roster").order_by("pk", "watched").distinct()
    return [(shadow, shadow.watched) for shadow in rows]


def coming_shadows(at: datetime) -> QuerySet[Shadow]:
    """The running and coming shadows as of ``at`` in rosters in use, the earliest first, with roster and people."""
    found = Shadow.objects.filter(during__endswith__gt=at, roster__retired_at=None)
    return found.select_related("roster__team", "person", "of").order_by("during", "pk")
