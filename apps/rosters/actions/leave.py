"""Leave and the filling of shifts, kept from missing one another.

Whoever enters leave locks the rosters in which the person takes turns; one into which somebody is just putting the
person cannot be seen before that is committed, nor can the leave from there. So both take a lock of the person as well,
always after those of rosters: whoever fills shares it with others who fill, whoever enters leave has it alone. So does
whoever gives or takes the right to be on call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import connection, transaction
from django.db.models import Q

from apps.core import clock
from apps.rosters import queries, turn_taking
from apps.rosters.models import Override, Roster
from apps.teams.models import User

_NAME = "rosters.leave"
_SHARED = """
    SELECT pg_advisory_xact_lock_shared(hashtext(%s), hashtext(person::text)) FROM unnest(%s::bigint[]) AS person
"""
_ALONE = "SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))"


def hold_leave(rosters: Iterable[int]) -> None:
    """Let nobody's leave or rights change who is on call in ``rosters``, or in those that stand in for them.

    Up to the commit. The caller has locked ``rosters`` (ids). What was committed before is seen by every query that
    follows. Three queries.
    """
    filled = list(rosters)
    concerned = Roster.objects.filter(Q(pk__in=filled) | Q(stands_in_for__in=filled)).order_by()
    by_name = Override.objects.filter(roster__in=concerned, during__endswith__gt=clock.now()).order_by()
    in_turn = (person for _, person in turn_taking.turns_taken(concerned))
    hold_leave_of([*in_turn, *by_name.values_list("person", flat=True).distinct()])


def hold_leave_of(people: Iterable[int]) -> None:
    """Let no leave of ``people`` (ids) change before the commit; what was committed before is seen. One query."""
    held = sorted(set(people))
    if held:
        with connection.cursor() as cursor:
            cursor.execute(_SHARED, [_NAME, held])


def lock_for_leave(person: User) -> list[Roster]:
    """Lock the leave of ``person`` and every roster in use that it concerns, and return those as they are now, by ids.

    Where somebody put them into another meanwhile (``rosters_of``) all locks are let go and taken anew, that one's
    among them: that of a person comes last.
    """
    return lock_alone(person, concerned=rosters_of)


def lock_alone(person: User, *, concerned: Callable[[User], set[int]]) -> list[Roster]:
    """Do so for the rosters of the ids that are ``concerned``, which is asked again once everything is locked."""
    wanted = concerned(person)
    while True:
        before = transaction.savepoint()
        rosters = list(Roster.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk"))
        with connection.cursor() as cursor:
            cursor.execute(_ALONE, [_NAME, str(person.pk)])
        missed = concerned(person) - wanted
        if not missed:
            transaction.savepoint_commit(before)
            return rosters
        transaction.savepoint_rollback(before)
        wanted |= missed


def rosters_of(person: User) -> set[int]:
    """The ids of every roster in use that leave of ``person`` concerns.

    Those are the rosters in which they take turns, those that these stand in for, and those in which they asked for a
    swap, or are asked, and nobody answered yet.
    """
    found = Roster.objects.filter(turn_taking.has_turns_of(person), retired_at=None)
    taken = queries.with_stood_for(found.only("stands_in_for").distinct())
    return taken | set(queries.open_swaps_of(person, clock.now()).order_by().values_list("roster", flat=True))
