"""Who may do what: decided here and nowhere else (design, "Access"). Default deny.

``Membership`` is the truth. From it are derived one group per team and role, and that group's grants on the team
(django-guardian); ``rebuild_grants`` makes them anew. An object says about itself what matters here by being
``Guarded``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from django.contrib.auth.models import AnonymousUser, Group
from django.db import models, transaction
from guardian.shortcuts import assign_perm, get_objects_for_user, get_perms_for_model, remove_perm

from apps.core import events
from apps.core.errors import NotAllowed
from apps.teams.events import RIGHTS_CHANGED
from apps.teams.models import Membership, Team, TeamRole, User

if TYPE_CHECKING:
    from collections.abc import Iterable

Viewer = User | AnonymousUser


class Permission(StrEnum):
    """What a person may do for a team; each is a permission on the ``Team`` object."""

    VIEW = "view_team"
    RESPOND = "respond_team"
    COMMAND = "command_team"
    MANAGE = "manage_team"


_ALL = frozenset(Permission)
#: Roles of people who are here to read.
_READING = frozenset({TeamRole.AUDITOR, TeamRole.STAKEHOLDER})
GRANTS: dict[TeamRole, frozenset[Permission]] = {
    TeamRole.ADMIN: _ALL,
    TeamRole.MANAGER: frozenset({Permission.VIEW, Permission.RESPOND, Permission.MANAGE}),
    TeamRole.COMMANDER: frozenset({Permission.VIEW, Permission.RESPOND, Permission.COMMAND}),
    TeamRole.RESPONDER: frozenset({Permission.VIEW, Permission.RESPOND}),
    TeamRole.STAKEHOLDER: frozenset({Permission.VIEW}),
    TeamRole.AUDITOR: frozenset({Permission.VIEW}),
}


class Guarded(Protocol):
    """What an object says about itself: whose it is, whether it is private, and who is involved in it."""

    def guarding_team_ids(self) -> Iterable[int]: ...

    def is_guarded_private(self) -> bool: ...

    def involves(self, person: User) -> bool: ...


def is_administrator(person: Viewer) -> bool:
    """Whether ``person`` administrates the whole organisation."""
    return bool(person.is_active and (person.is_superuser or TeamRole.ADMIN in _organisation_roles(person)))


def is_auditor(person: Viewer) -> bool:
    """Whether ``person`` audits the whole organisation: reads everything that is not private, writes nothing."""
    return bool(person.is_active and TeamRole.AUDITOR in _organisation_roles(person))


def administrators() -> models.QuerySet[User]:
    """Who administrates the whole organisation."""
    held = models.Q(memberships__role=TeamRole.ADMIN, memberships__team=None)
    return User.objects.filter(models.Q(is_superuser=True) | held, is_active=True).distinct()


def only_reads(person: User) -> bool:
    """Whether ``person`` is here to read: all their roles are auditor or stakeholder. One without any role is not."""
    known: bool | None = person.__dict__.get("_only_reads")
    if known is None:
        roles = set(Membership.objects.filter(person=person).values_list("role", flat=True))
        reads = bool(roles) and roles <= _READING
        known = person.__dict__["_only_reads"] = reads and not person.is_superuser
    return known


def reads_only() -> models.Q:
    """What fits the people of whom ``only_reads`` holds."""
    held = Membership.objects.filter(person=models.OuterRef("pk"))
    reading = held.filter(role__in=_READING)
    return models.Q(models.Exists(reading), ~models.Exists(held.exclude(role__in=_READING)), is_superuser=False)


def team_ids(person: Viewer, permission: Permission) -> set[int]:
    """The ids of the teams for which ``person`` holds ``permission``; one query, remembered on the person."""
    if not person.is_authenticated or not person.is_active:
        return set()
    known: dict[Permission, set[int]] = person.__dict__.setdefault("_team_ids", {})
    if permission not in known:
        known[permission] = set(_teams(person, permission).values_list("pk", flat=True))
    return known[permission]


def may(person: Viewer, permission: Permission, thing: Guarded) -> bool:
    """Whether ``person`` may do ``permission`` to ``thing``.

    Who is involved (holds a role, was paged) may view and respond, but for those who only read. A private thing is
    open to the involved and to its teams' commanders only, auditors and administrators excluded (requirements, "who
    may see a private incident").
    """
    if not person.is_authenticated or not person.is_active:
        return False
    if permission in (Permission.VIEW, Permission.RESPOND) and thing.involves(person):
        return permission is Permission.VIEW or not only_reads(person)
    teams = set(thing.guarding_team_ids())
    if thing.is_guarded_private():
        return bool(teams & commanded_team_ids(person))
    if is_administrator(person):
        return True
    return bool(teams & team_ids(person, permission))


def require(person: Viewer, permission: Permission, thing: Guarded) -> None:
    """Raise NotAllowed unless ``person`` may do ``permission`` to ``thing``."""
    if not may(person, permission, thing):
        verb = permission.value.removesuffix("_team")
        raise NotAllowed(f"{person} has no right to {verb} here.")


def require_for_team(person: Viewer, permission: Permission, team: Team) -> None:
    """Raise NotAllowed unless ``person`` holds ``permission`` for ``team``."""
    if not (is_administrator(person) or team.pk in team_ids(person, permission)):
        verb = permission.value.removesuffix("_team")
        raise NotAllowed(f"{person} has no right to {verb} for the team {team}.")


def require_responder(person: Viewer) -> None:
    """Raise NotAllowed unless ``person`` responds for some team, or administrates the organisation."""
    if not (is_administrator(person) or team_ids(person, Permission.RESPOND)):
        raise NotAllowed(f"{person} responds for no team.")


def commanded_team_ids(person: Viewer) -> set[int]:
    """The ids of the teams whose commander ``person`` is by membership (what opens a private incident)."""
    if not person.is_authenticated:
        return set()
    known: set[int] | None = person.__dict__.get("_commanded_team_ids")
    if known is None:
        held = Membership.objects.filter(person_id=person.pk, role=TeamRole.COMMANDER, team__isnull=False)
        known = person.__dict__["_commanded_team_ids"] = set(held.values_list("team_id", flat=True))
    return known


def no_anonymous_user(user_model: type[User]) -> User:
    """Guardian's hook for a stored anonymous user, which this house does not have."""
    return user_model(email="", is_active=False)


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


def _teams(person: User, permission: Permission) -> models.QuerySet[Team]:
    if is_administrator(person) or (permission is Permission.VIEW and is_auditor(person)):
        return Team.objects.all()
    return get_objects_for_user(person, permission.value, Team, accept_global_perms=False, with_superuser=False)


def _organisation_roles(person: Viewer) -> set[str]:
    if not person.is_authenticated:
        return set()
    known: set[str] | None = person.__dict__.get("_organisation_roles")
    if known is None:
        held = Membership.objects.filter(person_id=person.pk, team__isnull=True)
        known = person.__dict__["_organisation_roles"] = set(held.values_list("role", flat=True))
    return known
