"""What somebody who left leaves a hole in, and that its managers hear of it. Nobody takes over by themselves.

Of what is private nothing is told: its commanders see on its own page that nobody holds the role.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from django.db import transaction
from django.db.models import Q

from apps.core import clock
from apps.core.events import on
from apps.engine import actions as engine
from apps.engine.models import Lane, Timer
from apps.engine.registry import handler
from apps.escalation.models import LevelTarget, TargetKind
from apps.incidents.models import OPEN, Expert, RoleAssignment, RoleCandidate
from apps.notifications import actions as notifications
from apps.notifications.coverage_notices import managers_of
from apps.notifications.models import NotificationKind
from apps.postmortems.models import ActionItem, ActionStatus
from apps.rosters import turn_taking
from apps.rosters.models import Override, Roster
from apps.teams import access
from apps.teams.events import DEACTIVATED
from apps.teams.models import Membership, Team, TeamRole, User

#: The kind of the timer that tells of it.
TELL = "desk.tell_what_somebody_left"
#: Roles of which a team without anybody is worth a word.
_ONLY_ONES = (TeamRole.MANAGER, TeamRole.COMMANDER)


def holes_of(person: User) -> dict[Team | None, list[str]]:
    """What ``person`` holds that needs somebody else, in words, by the team whose it is; None: the organisation's.

    Turns in rosters and stand-ins to come, levels that page them by name, response roles and fields that they are named
    for, roles of open incidents, open action items, and being the only manager or commander of a team. Nothing private.
    As many queries for much as for little.
    """
    found: dict[Team | None, list[str]] = defaultdict(list)
    for team, words in (word for look in _LOOKS for word in look(person)):
        if words not in found[team]:
            found[team].append(words)
    return dict(found)


@on(DEACTIVATED)
def plan_to_tell(person: User) -> None:
    """Let the managers be told once it is certain that they left."""
    engine.schedule(TELL, due_at=clock.now(), key=f"{TELL}:{person.pk}", payload={"person": person.pk})


@handler(TELL, lane=Lane.WORK)
def tell_what_somebody_left(timer: Timer) -> None:
    """Tell the managers of each team, unless the person is back by now."""
    person = User.objects.filter(pk=timer.payload["person"], is_active=False).first()
    if person is not None:
        tell(person, step=f"left:{person.pk}:{timer.pk}")


@transaction.atomic
def tell(person: User, *, step: str) -> None:
    """Tell the managers of each team what ``person`` left there, and administrators what is the organisation's."""
    holes = holes_of(person)
    told = managers_of({team.pk for team in holes if team is not None})
    for team, words in holes.items():
        people = told[team.pk] if team is not None else list(access.administrators())
        where = team or "the organisation"
        text = "\n".join([f"{person} was deactivated, and nobody takes over by themselves:", "", *_listed(words)])
        notifications.notify_all(
            dict.fromkeys(people, text),
            incident=None,
            kind=NotificationKind.NOTICE,
            step=f"{step}:{team.pk if team else '-'}",
            subject=f"{person} left: {len(words)} to hand over in {where}",
        )


def _listed(words: list[str]) -> list[str]:
    return [f"- {each}" for each in words]


Holes = Iterator[tuple[Team | None, str]]


def _in_rosters(person: User) -> Holes:
    taken = Roster.objects.filter(turn_taking.has_turns_of(person), retired_at=None).select_related("team")
    for roster in taken.order_by("name", "pk").distinct():
        yield roster.team, f"They take turns in the roster {roster}."
    coming = Override.objects.filter(person=person, during__endswith__gt=clock.now(), roster__retired_at=None)
    for override in coming.select_related("roster__team").order_by("roster__name"):
        yield override.roster.team, f"They stand in for others in the roster {override.roster}."


def _in_chains(person: User) -> Holes:
    named = LevelTarget.objects.filter(kind=TargetKind.PERSON, person=person).select_related(
        "level__policy__severity", "level__policy__team", "level__policy__service__team"
    )
    for target in named.order_by("level__policy", "level__number"):
        policy = target.level.policy
        yield policy.owner, f"Level {target.level.number} of the chain {policy} pages them by name."


def _named_for(person: User) -> Holes:
    for candidate in RoleCandidate.objects.filter(person=person).select_related("role", "team").order_by("role", "pk"):
        yield candidate.team, f"They are named for the role {candidate.role}."
    for expert in Expert.objects.filter(person=person).order_by("key"):
        yield None, f"They are the expert for {expert.field}."


def _in_incidents(person: User) -> Holes:
    held = RoleAssignment.objects.filter(
        person=person, until=None, incident__status__in=OPEN, incident__private=False
    ).select_related("role", "incident__team")
    for assignment in held.order_by("incident", "role"):
        yield assignment.incident.team, f"They are {assignment.role} of {assignment.incident}."
    items = ActionItem.objects.filter(owner=person, status=ActionStatus.OPEN, incident__private=False)
    for item in items.select_related("incident__team").order_by("due_date", "pk"):
        yield item.incident.team, f"They own an action item of {item.incident}, due on {item.due_date}: {item.action}"


def _in_teams(person: User) -> Holes:
    held = Membership.objects.filter(person=person, role__in=_ONLY_ONES, team__is_active=True).select_related("team")
    others = _held_by_others(person)
    for membership in held.order_by("team", "role"):
        if membership.role not in others.get(membership.team_id or 0, ()):
            yield membership.team, f"They were the only {membership.get_role_display().lower()} of {membership.team}."


def _held_by_others(person: User) -> Mapping[int, set[str]]:
    """Which of the roles are held by somebody else who is active, by the team."""
    found: dict[int, set[str]] = defaultdict(set)
    active = Membership.objects.filter(~Q(person=person), person__is_active=True, role__in=_ONLY_ONES)
    for team, role in active.exclude(team=None).values_list("team", "role"):
        found[team or 0].add(role)
    return found


_LOOKS = (_in_rosters, _in_chains, _named_for, _in_incidents, _in_teams)
