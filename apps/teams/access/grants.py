"""What memberships grant, as rows: one group for each team and role, and that group's grants (django-guardian).

``Membership`` and ``Team.parent`` are the truth; everything here can be made anew from them.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction
from guardian.shortcuts import assign_perm, get_perms_for_model, remove_perm

from apps.core import events
from apps.teams.access.deciding import may_enter_admin
from apps.teams.access.matrix import GRANTS, GRANTS_BELOW, Permission
from apps.teams.access.remembered import forget
from apps.teams.events import RIGHTS_CHANGED
from apps.teams.models import Team, TeamGroupObjectPermission, TeamRole, User

_REACHING_DOWN = [role for role, permissions in GRANTS_BELOW.items() if permissions]


@transaction.atomic
def rebuild_grants(person: User | None = None) -> None:
    """Derive groups, grants and the way into the admin from the memberships anew, for one person or all; idempotent.

    Whoever changes a role of a person, or whether they are active, calls it for them: others hear of it by that
    (RIGHTS_CHANGED).
    """
    if person is None:
        for team in Team.objects.all():
            for role in TeamRole:
                _grant(_role_group(team, role), team, GRANTS[role])
        rebuild_grants_below(Team.objects.all())
    for each in [person] if person else User.objects.all():
        wanted = {
            _role_group(membership.team, TeamRole(membership.role)).pk
            for membership in each.memberships.select_related("team")
            if membership.team
        }
        derived = each.groups.filter(name__startswith="team:")
        each.groups.remove(*derived.exclude(pk__in=wanted))
        each.groups.add(*wanted)
        forget(each)
        _open_admin(each)
        forget(each)  # what was asked for that is not kept: who gives a role straight after asks anew
    if person is not None:
        events.publish(RIGHTS_CHANGED, person)


@transaction.atomic
def rebuild_grants_below(teams: Iterable[Team]) -> None:
    """Derive anew what those who hold a role above each of ``teams`` may do there; nobody else's grants there stay.

    Call it for a team that got another parent, and for those below it.
    """
    for team in teams:
        own = {_group_name(team, role) for role in TeamRole}
        above = {_role_group(each, role): role for each in team.above() for role in _REACHING_DOWN}
        granted = TeamGroupObjectPermission.objects.filter(content_object=team)
        granted.exclude(group__name__in=own).exclude(group__in=above).delete()
        for group, role in above.items():
            _grant(group, team, GRANTS_BELOW[role])


def _open_admin(person: User) -> None:
    if person.is_staff != may_enter_admin(person):
        person.is_staff = not person.is_staff
        person.save(update_fields=["is_staff"])


def _role_group(team: Team, role: TeamRole) -> Group:
    group, created = Group.objects.get_or_create(name=_group_name(team, role))
    if created:
        _grant(group, team, GRANTS[role])
        for lower in team.below() if role in _REACHING_DOWN else ():
            _grant(group, lower, GRANTS_BELOW[role])
    return group


def _group_name(team: Team, role: TeamRole) -> str:
    return f"team:{team.pk}:{role}"


def _grant(group: Group, team: Team, permissions: frozenset[Permission]) -> None:
    for permission in get_perms_for_model(Team):
        change = assign_perm if permission.codename in permissions else remove_perm
        change(permission, group, team)
