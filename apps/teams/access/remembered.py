"""What is asked of the database about a person once for each request: the answers stand on the person's object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.teams.access.matrix import Permission
from apps.teams.models import Membership, Team, TeamGroupObjectPermission, TeamRole, TeamUserObjectPermission, User

_MEMBERSHIPS, _GRANTED, _EVERYWHERE = "_memberships", "_granted_teams", "_every_team"


@dataclass(frozen=True, slots=True)
class Teams:
    """The ids of teams by what is permitted there, and those of them that are active."""

    by_permission: Mapping[Permission, set[int]]
    active: set[int]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, int, bool]]) -> Teams:
        """Put together rows of a permission, a team's id and whether the team is active."""
        found: dict[Permission, set[int]] = defaultdict(set)
        active = set()
        for permission, team_id, is_active in rows:
            found[Permission(permission)].add(team_id)
            if is_active:
                active.add(team_id)
        return cls(found, active)


def memberships(person: User) -> list[tuple[int | None, TeamRole]]:
    """The roles of ``person``, each with its team's id; None: held for the organisation."""
    known: list[tuple[int | None, TeamRole]] | None = person.__dict__.get(_MEMBERSHIPS)
    if known is None:
        held = Membership.objects.filter(person_id=person.pk).order_by().values_list("team_id", "role")
        known = person.__dict__[_MEMBERSHIPS] = [(team_id, TeamRole(role)) for team_id, role in held]
    return known


def granted_teams(person: User) -> Teams:
    """The teams on which ``person`` holds permissions, by a group of theirs or by themselves."""
    known: Teams | None = person.__dict__.get(_GRANTED)
    if known is None:
        asked = [permission.value for permission in Permission]
        columns = ("permission__codename", "content_object_id", "content_object__is_active")
        by_group = TeamGroupObjectPermission.objects.filter(group__user=person.pk, permission__codename__in=asked)
        by_name = TeamUserObjectPermission.objects.filter(user=person.pk, permission__codename__in=asked)
        rows = by_group.values_list(*columns).union(by_name.values_list(*columns))
        known = person.__dict__[_GRANTED] = Teams.of(rows)
    return known


def every_team(person: User) -> Teams:
    """All teams with every permission, for whom everything is open."""
    known: Teams | None = person.__dict__.get(_EVERYWHERE)
    if known is None:
        teams = list(Team.objects.order_by().values_list("pk", "is_active"))
        known = person.__dict__[_EVERYWHERE] = Teams.of((each, *team) for team in teams for each in Permission)
    return known


def forget(person: User) -> None:
    """Ask anew from now on: their roles or grants were changed."""
    for name in (_MEMBERSHIPS, _GRANTED, _EVERYWHERE):
        person.__dict__.pop(name, None)
