"""Writes of teams, and of memberships with the grants they imply."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from apps.core.errors import Invalid, NotAllowed
from apps.teams import access
from apps.teams.models import Membership, MembershipSource, Team, TeamRole, User


@transaction.atomic
def add_member(person: User, team: Team | None, role: TeamRole) -> Membership:
    """Give ``person`` the role; giving it twice is giving it once. Grants follow in the same transaction.

    A role that a group gave before is given by hand from now on: it stays when the group goes.
    """
    membership, made = Membership.objects.get_or_create(person=person, team=team, role=role)
    if not made and membership.source != MembershipSource.HAND:
        membership.source = MembershipSource.HAND
        membership.save(update_fields=["source"])
    access.rebuild_grants(person)
    return membership


@transaction.atomic
def describe_oneself(person: User, *, name: str, time_zone: str, holidays_of: str) -> None:
    """Write who ``person`` is, and nothing else: what became of their account meanwhile stays as it is."""
    stored = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    stored.name, stored.time_zone, stored.holidays_of = name, time_zone, holidays_of
    stored.save(update_fields=["name", "time_zone", "holidays_of"])


@transaction.atomic
def remove_member(membership: Membership) -> None:
    """Take the role away, and with it what it granted."""
    person = membership.person
    membership.delete()
    access.rebuild_grants(person)


def hand_over_role(membership: Membership, *, to: User, by: User) -> Membership:
    """Give ``to`` the role that ``membership`` is of; whoever held it keeps theirs.

    Raises NotAllowed unless ``by`` administrates the organisation, Invalid, naming ``person``, for whoever is
    deactivated.
    """
    if not access.is_administrator(by):
        raise NotAllowed("Roles are handed over by administrators.")
    if not to.is_active:
        raise Invalid(f"{to} is deactivated.", field="person")
    return add_member(to, membership.team, TeamRole(membership.role))


@transaction.atomic
def change_mapped_roles(
    person: User, *, give: Collection[tuple[Team | None, TeamRole]], take: Collection[Membership]
) -> None:
    """Give and take at once what groups give ``person``, so that they never hold less in between.

    Grants, and what others do about them (rosters), follow once. Where there is nothing to change nothing is.
    """
    for team, role in give:
        Membership.objects.create(person=person, team=team, role=role, source=MembershipSource.MAPPING)
    for membership in take:
        membership.delete()
    if give or take:
        access.rebuild_grants(person)


@transaction.atomic
def create_team(*, by: User, **fields: Any) -> Team:
    """Create a team with ``fields``. Raises NotAllowed unless ``by`` administrates the organisation."""
    if not access.is_administrator(by):
        raise NotAllowed(f"{by} has no right to create teams.")
    team = Team(**fields)
    team.full_clean()
    team.save()
    access.rebuild_grants_below([team])
    return team


@transaction.atomic
def change_team(team: Team, *, by: User, **fields: Any) -> Team:
    """Set ``fields`` of the team; with another parent, others manage it and those below it from now on.

    Raises NotAllowed unless ``by`` manages it, and for a parent unless they administrate the organisation;
    ValidationError, by field, for what it cannot be.
    """
    access.require_for_team(by, access.Permission.MANAGE, team)
    if "parent" in fields and fields["parent"] != team.parent and not access.is_administrator(by):
        raise NotAllowed(f"{by} has no right to put a team below another.")
    for name, value in fields.items():
        setattr(team, name, value)
    team.full_clean()
    team.save()
    if "parent" in fields:
        access.rebuild_grants_below([team, *team.below()])
    return team
