"""Writes of service accounts: who holds roles for a machine, and never signs in."""

from __future__ import annotations

from django.db import transaction
from django.utils.text import slugify

from apps.core import audited
from apps.core.audited import Act
from apps.core.errors import Invalid, NotAllowed
from apps.core.history import made_by
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.actions.belonging import add_member
from apps.teams.actions.leaving import deactivate
from apps.teams.models import ORGANISATION_WIDE, Team, TeamRole, User, UserKind

#: Addresses of this domain never receive mail (RFC 2606, 2).
DOMAIN = "service-accounts.invalid"


@transaction.atomic
def create_service_account(*, name: str, team: Team | None, role: TeamRole, by: User) -> User:
    """Make a service account that holds ``role`` in ``team``, whose managers keep it from now on.

    Without a team it holds the role in the whole organisation, and administrators keep it. Raises NotAllowed unless
    ``by`` may do that, Invalid for a role that its keepers cannot give or that is one of a team, and for a name that is
    taken.
    """
    if team is None and not access.is_administrator(by):
        raise NotAllowed(f"{by} has no right to make service accounts of the organisation.")
    if team is None and role not in ORGANISATION_WIDE:
        raise Invalid("This role is one of a team: name it.", field="team")
    if team is not None:
        access.require_for_team(by, Permission.MANAGE, team)
        if role not in access.GIVEN_BY_MANAGERS:
            raise Invalid("Accounts of teams do not hold this role; make one of the organisation.", field="role")
    email = f"{slugify(name)}@{team.slug if team else 'organisation'}.{DOMAIN}"
    if not slugify(name) or User.objects.filter(email=email).exists():
        raise Invalid("Give it a name with letters or digits that no other account of the team has.", field="name")
    account = User.objects.create_user(email, name=name, kind=UserKind.SERVICE, kept_by=team)
    add_member(account, team, role)
    return account


@transaction.atomic
def deactivate_service_account(account: User, *, by: User) -> None:
    """Revoke its tokens and let it do nothing from now on. Twice is once. Raises NotAllowed unless ``by`` keeps it."""
    require_keeper(by, account)
    if account.is_active:
        made_by(account, by)
        deactivate(account)
        teams = () if account.kept_by_id is None else (account.kept_by_id,)
        text = f"Switched the service account {account} off, with its tokens"
        audited.note(Act.TOKEN_REVOKED, text, by=by, about=account, teams=teams)


def require_keeper(by: User, owner: User) -> None:
    """Raise NotAllowed unless tokens that act for ``owner`` are those of ``by``: their own, or of an account they keep.

    Whoever manages a team keeps its service accounts as long as those hold no role that managers do not give.
    """
    if by == owner or access.is_administrator(by):
        return
    managed = owner.kept_by_id in access.team_ids(by, Permission.MANAGE)
    beyond = owner.memberships.exclude(team=owner.kept_by_id, role__in=access.GIVEN_BY_MANAGERS)
    if not managed or beyond.exists():
        raise NotAllowed(f"{by} does not keep {owner}.")
