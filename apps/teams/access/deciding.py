"""Who may do what to which object. An object says about itself what matters here by being ``Guarded``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from django.contrib.auth.models import AnonymousUser
from django.db import models

from apps.core.errors import NotAllowed
from apps.teams.access.limits import is_limited, reached
from apps.teams.access.matrix import READING, Permission, Right, roles_with
from apps.teams.access.remembered import Teams, every_team, granted_teams, memberships
from apps.teams.models import Membership, Team, TeamGroupObjectPermission, TeamRole, User, UserKind

if TYPE_CHECKING:
    from collections.abc import Iterable

Viewer = User | AnonymousUser


class Guarded(Protocol):
    """What an object says about itself: whose it is, whether it is private, and who is involved in it."""

    def guarding_team_ids(self) -> Iterable[int]: ...

    def is_guarded_private(self) -> bool: ...

    def involves(self, person: User) -> bool: ...


def is_administrator(person: Viewer) -> bool:
    """Whether ``person`` administrates the whole organisation; nobody does with a token that is limited to teams."""
    return _administrates(person) and not is_limited(person)


def is_auditor(person: Viewer) -> bool:
    """Whether ``person`` audits the whole organisation: reads everything that is not private, writes nothing."""
    return _audits(person) and not is_limited(person)


def may_enter_admin(person: User) -> bool:
    """Whether a role of ``person``, in whatever team, opens the admin. Kept as ``is_staff``, which Django asks for."""
    enters = any(role in roles_with(Right.ENTER) for _, role in memberships(person))
    return person.kind == UserKind.PERSON and (person.is_superuser or enters)


def administrators() -> models.QuerySet[User]:
    """The people who administrate the whole organisation."""
    held = models.Q(memberships__role__in=roles_with(Right.ADMINISTRATE), memberships__team=None)
    return User.objects.filter(models.Q(is_superuser=True) | held, is_active=True, kind=UserKind.PERSON).distinct()


def audited_team_ids(person: Viewer) -> set[int] | None:
    """The ids of the teams whose record ``person`` may read; None: everybody's, and the organisation's own."""
    if is_administrator(person) or is_auditor(person):
        return None
    if not person.is_authenticated or not person.is_active:
        return set()
    if _administrates(person) or _audits(person):  # with a token that is limited to teams
        return team_ids(person, Permission.VIEW)
    return reached(person, _team_ids_with(person, Right.AUDIT)) | team_ids(person, Permission.MANAGE)


def only_reads(person: User) -> bool:
    """Whether ``person`` is here to read: all their roles are auditor or stakeholder. One without any role is not."""
    roles = {role for _, role in memberships(person)}
    return bool(roles) and roles <= READING and not person.is_superuser


def reads_only() -> models.Q:
    """What fits the people of whom ``only_reads`` holds."""
    held = Membership.objects.filter(person=models.OuterRef("pk"))
    reading = held.filter(role__in=READING)
    return models.Q(models.Exists(reading), ~models.Exists(held.exclude(role__in=READING)), is_superuser=False)


def team_ids(person: Viewer, permission: Permission) -> set[int]:
    """The ids of the teams for which ``person`` holds ``permission``; a query for all of them (``remembered``)."""
    if not person.is_authenticated or not person.is_active:
        return set()
    return reached(person, _teams(person, permission).by_permission.get(permission, ()))


def active_team_ids(person: Viewer, permission: Permission) -> set[int]:
    """Those of ``team_ids`` whose teams are active."""
    held = team_ids(person, permission)
    return held & _teams(person, permission).active if isinstance(person, User) and held else set()


def may(person: Viewer, permission: Permission, thing: Guarded) -> bool:
    """Whether ``person`` may do ``permission`` to ``thing``.

    Who is involved (``may_be_involved``) may view and respond, but for those who only read. A private thing is
    open to the involved and to its teams' commanders only, auditors and administrators excluded (requirements, "who
    may see a private incident"). With a token that is limited to teams nothing of other teams is open.
    """
    if not person.is_authenticated or not person.is_active:
        return False
    teams = set(thing.guarding_team_ids())
    if is_limited(person) and not reached(person, teams):
        return False
    if permission in (Permission.VIEW, Permission.RESPOND) and may_be_involved(person) and thing.involves(person):
        return permission is Permission.VIEW or not only_reads(person)
    if thing.is_guarded_private():
        return bool(teams & commanded_team_ids(person))
    if is_administrator(person):
        return True
    return bool(teams & team_ids(person, permission))


def may_be_involved(person: Viewer) -> bool:
    """Whether something opens to ``person`` because they hold a role in it, were paged or declared it: to people.

    A service account has its roles alone: whoever manages its team makes its tokens, and reads all that it reads.
    """
    return isinstance(person, User) and not person.is_service_account


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


def needed_for(by: User, person: User, team: Team) -> Permission:
    """What ``by`` needs to put ``person`` into something of the team: who does not manage it, only themselves."""
    manages = team.pk in team_ids(by, Permission.MANAGE)
    return Permission.RESPOND if person == by and not manages else Permission.MANAGE


def require_responder(person: Viewer) -> None:
    """Raise NotAllowed unless ``person`` responds for some team, or administrates the organisation."""
    if not (is_administrator(person) or team_ids(person, Permission.RESPOND)):
        raise NotAllowed(f"{person} responds for no team.")


def belongs_here(person: Viewer) -> bool:
    """Whether ``person`` is more than a reporter: holds a role, in whatever team (``Right.DIRECTORY``).

    Nobody does with a token that is limited to teams: what is here for everybody is of none of them.
    """
    if not person.is_authenticated or not person.is_active or is_limited(person):
        return False
    return person.is_superuser or any(role in roles_with(Right.DIRECTORY) for _, role in memberships(person))


def who_may_view(people: Iterable[User], *, team_id: int, private: bool) -> set[int]:
    """The ids of those active ``people`` who may see a thing of the team that they are not involved in; one query.

    The same answers as ``may`` gives of each of them.
    """
    by_grant = TeamGroupObjectPermission.objects.filter(
        content_object=team_id, permission__codename=Permission.VIEW, group__user=models.OuterRef("pk")
    )
    held = Membership.objects.filter(person=models.OuterRef("pk"))
    everywhere = held.filter(team=None, role__in=roles_with(Right.OVERSEE))
    commands = held.filter(team=team_id, role__in=roles_with(Right.PRIVATE))
    seeing = (
        models.Q(models.Exists(commands))
        if private
        else models.Q(models.Exists(by_grant)) | models.Q(models.Exists(everywhere)) | models.Q(is_superuser=True)
    )
    found = User.objects.filter(seeing, pk__in=[person.pk for person in people], is_active=True)
    return set(found.values_list("pk", flat=True))


def commanded_team_ids(person: Viewer) -> set[int]:
    """The ids of the teams whose commander ``person`` is by membership (what opens a private incident)."""
    if not person.is_authenticated:
        return set()
    return reached(person, _team_ids_with(person, Right.PRIVATE))


def no_anonymous_user(user_model: type[User]) -> User:
    """Guardian's hook for a stored anonymous user, which this house does not have."""
    return user_model(email="", is_active=False)


def _administrates(person: Viewer) -> bool:
    held = person.is_superuser or _organisation_roles(person) & roles_with(Right.ADMINISTRATE)
    return bool(person.is_active and held)


def _audits(person: Viewer) -> bool:
    return bool(person.is_active and TeamRole.AUDITOR in _organisation_roles(person))


def _teams(person: User, permission: Permission) -> Teams:
    everywhere = _administrates(person) or (permission is Permission.VIEW and _audits(person))
    return every_team(person) if everywhere else granted_teams(person)


def _team_ids_with(person: User, right: Right) -> set[int]:
    """The ids of the teams in which a role of ``person`` holds ``right`` by itself."""
    return {team for team, role in memberships(person) if team is not None and role in roles_with(right)}


def _organisation_roles(person: Viewer) -> set[TeamRole]:
    if not person.is_authenticated:
        return set()
    return {role for team, role in memberships(person) if team is None}
