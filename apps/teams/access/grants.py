"""What memberships grant, as rows: one group for each team and role, and that group's grants (django-guardian).

``Membership`` is the truth; everything here can be made anew from it.
"""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction
from guardian.shortcuts import assign_perm, get_perms_for_model, remove_perm

from apps.core import events
from apps.teams.access.matrix import GRANTS
from apps.teams.events import RIGHTS_CHANGED
from apps.teams.models import Team, TeamRole, User


@transaction.atomic
def rebuild_grants(person: User | None = None) -> None:
    """Derive groups and grants from the memberships anew, for one person or for everybody; idempotent.

    Whoever changes a role of a person, or whether they are active, calls it for them: others hear of it by that
    (RIGHTS_CHANGED).
    """
    if person is None:
        for team in Team.objects.all():
            for role in TeamRole:
                _grant(_role_group(team, role), team, role)
    for each in [person] if person else User.objects.all():
        wanted = {
            _role_group(membership.team, TeamRole(membership.role)).pk
            for membership in each.memberships.select_related("team")
            if membership.team
        }
        derived = each.groups.filter(name__startswith="team:")
        each.groups.remove(*derived.exclude(pk__in=wanted))
        each.groups.add(*wanted)
        for remembered in ("_team_ids", "_commanded_team_ids", "_organisation_roles", "_only_reads"):
            each.__dict__.pop(remembered, None)
    if person is not None:
        events.publish(RIGHTS_CHANGED, person)


def _role_group(team: Team, role: TeamRole) -> Group:
    group, created = Group.objects.get_or_create(name=f"team:{team.pk}:{role}")
    if created:
        _grant(group, team, role)
    return group


def _grant(group: Group, team: Team, role: TeamRole) -> None:
    for permission in get_perms_for_model(Team):
        change = assign_perm if permission.codename in GRANTS[role] else remove_perm
        change(permission, group, team)
