"""Writes of teams: memberships with the grants they imply, and tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core import clock
from apps.core.errors import NotAllowed
from apps.teams import access
from apps.teams.models import ApiToken, Membership, Scope, Team, TeamRole, User

TOKEN_PREFIX = "ado_"  # noqa: S105  (a recognisable prefix, so that secret scanners find a leaked token)


@transaction.atomic
def add_member(person: User, team: Team | None, role: TeamRole) -> Membership:
    """Give ``person`` the role; giving it twice is giving it once. Grants follow in the same transaction."""
    membership, _ = Membership.objects.get_or_create(person=person, team=team, role=role)
    access.rebuild_grants(person)
    return membership


@transaction.atomic
def remove_member(membership: Membership) -> None:
    """Take the role away, and with it what it granted."""
    person = membership.person
    membership.delete()
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


def create_token(
    person: User, *, name: str, scope: Scope = Scope.RESPOND, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token that acts for ``person``; the secret is returned once and stored only as a SHA-256 digest."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        person=person, name=name, scope=scope, digest=digest_of(secret), created_at=clock.now(), expires_at=expires_at
    )
    return token, secret


def digest_of(secret: str) -> str:
    """The form in which a token is stored. Its 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
