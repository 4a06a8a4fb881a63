"""Writes of tokens: made, replaced with an overlap, and revoked. A secret is returned once and kept as a digest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.core import audited, clock, events, keys
from apps.core.audited import Act
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.core.history import made_by
from apps.core.texts import one_line
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.actions.service_accounts import require_keeper
from apps.teams.events import LAST_DAYS
from apps.teams.models import ApiToken, Scope, Team, User
from apps.teams.token_shape import prefix_for

#: For so long the old secret of a token that was rotated may go on.
LONGEST_OVERLAP = timedelta(days=7)
#: More live tokens nobody needs: whoever has so many cannot tell which of them is lost.
MOST_TOKENS = 100
#: So long before a token ends its owner is told.
REMINDED_BEFORE = timedelta(days=7)


@transaction.atomic
def create_token(
    person: User,
    *,
    name: str,
    scope: Scope = Scope.RESPOND,
    team_ids: Iterable[int] | None = None,
    expires_at: datetime | None = None,
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """Make a token that acts for ``person`` and return it with its secret, for whoever runs the house.

    Everybody else makes one by ``issue_token``. Without ``team_ids`` it reaches as far as the person, without
    ``expires_at`` it lives for TOKEN_LIFE.
    """
    token, secret = _make(
        by,
        ApiToken(
            person=person,
            name=name,
            scope=scope,
            team_ids=None if team_ids is None else sorted(team_ids),
            expires_at=expires_at or clock.now() + settings.TOKEN_LIFE,
        ),
    )
    _note(Act.TOKEN_MADE, f"Made the token {_called(token)}, to {scope}", token, by=by)
    return token, secret


def issue_token(
    owner: User, *, by: User, name: str, scope: Scope, teams: Iterable[Team] | None = None, lives: timedelta
) -> tuple[ApiToken, str]:
    """Make a token that acts for ``owner``: ``by`` themselves, or a service account that they keep.

    ``teams`` limit it; None: it reaches as far as its owner. Raises NotAllowed for who does not keep the owner, and for
    what only administrators make; Invalid for a life that is too long or a team that the owner does not see;
    RuleViolation where the owner has too many.
    """
    require_keeper(by, owner)
    _check_scope(scope, owner, by)
    if not one_line(name):
        raise Invalid("Give it a name of signs that are seen.", field="name")
    if not timedelta() < lives <= settings.TOKEN_LONGEST_LIFE:
        raise Invalid(f"A token lives for 1 to {settings.TOKEN_LONGEST_LIFE.days} days.", field="days")
    now = clock.now()
    if owner.tokens.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_TOKENS:
        raise RuleViolation(f"{owner} has {MOST_TOKENS} tokens already: revoke one first.")
    team_ids = None if teams is None else {team.pk for team in teams}
    if team_ids is not None and (not team_ids or team_ids - access.team_ids(owner, Permission.VIEW)):
        raise Invalid(f"Choose teams that {owner} sees.", field="teams")
    return create_token(owner, name=name, scope=scope, team_ids=team_ids, expires_at=now + lives, by=by)


@transaction.atomic
def rotate_token(token: ApiToken, *, by: User, overlap: timedelta, by_itself: bool = False) -> tuple[ApiToken, str]:
    """Make the token's successor and return it with its secret; the old one goes on for ``overlap``, 7 days at most.

    The successor may do just what the token may, and lives as long from now on as the token was to live. One that is
    rotated by itself (``by_itself``: by whoever has its secret) ends when it would have ended: a token that was stolen
    is not kept alive by rotating it. Raises NotAllowed, Invalid, and RuleViolation for one that works no more or was
    rotated before.
    """
    if not by_itself:
        require_keeper(by, token.person)
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Invalid(f"The old token goes on for {LONGEST_OVERLAP.days} days at most.", field="overlap_days")
    old = ApiToken.objects.select_for_update(no_key=True, of=("self",)).select_related("person").get(pk=token.pk)
    now = clock.now()
    if not old.is_live(now) or ApiToken.objects.filter(replaces=old).exists():
        raise RuleViolation(f"{old} works no more, or was rotated before.")
    life = min(old.expires_at - old.created_at, settings.TOKEN_LONGEST_LIFE)
    new, secret = _make(
        by,
        ApiToken(
            person=old.person,
            name=old.name,
            scope=old.scope,
            team_ids=old.team_ids,
            replaces=old,
            expires_at=old.expires_at if by_itself else now + life,
        ),
    )
    old.expires_at = min(old.expires_at, now + overlap)
    made_by(old, by)
    old.save(update_fields=["expires_at"])
    ends = f"the old one ends {old.expires_at:%Y-%m-%d %H:%M} UTC"
    _note(Act.TOKEN_ROTATED, f"Rotated the token {_called(new)}; {ends}", new, by=by)
    return new, secret


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User, by_itself: bool = False) -> None:
    """Let the token work no more, at once. Twice is once. Raises NotAllowed unless it is by itself or its keeper."""
    if not by_itself:
        require_keeper(by, token.person)
    lost = ApiToken.objects.select_for_update(no_key=True, of=("self",)).select_related("person").get(pk=token.pk)
    if lost.revoked_at is None:
        lost.revoked_at = clock.now()
        made_by(lost, by)
        lost.save(update_fields=["revoked_at"])
        _note(Act.TOKEN_REVOKED, f"Revoked the token {_called(lost)}", lost, by=by)


@transaction.atomic
def remind_of_ends() -> None:
    """Tell once (LAST_DAYS) of each token that ends within REMINDED_BEFORE, but for those that live no longer."""
    now = clock.now()
    ending = ApiToken.objects.filter(
        expires_at__gt=now, expires_at__lte=now + REMINDED_BEFORE, reminded_at=None, revoked_at=None,
        replaced_by=None, person__is_active=True,
    )  # fmt: skip
    for token in ending.select_related("person__kept_by").select_for_update(no_key=True, of=("self",)):
        token.reminded_at = now
        token.save(update_fields=["reminded_at"])
        if token.expires_at - token.created_at > REMINDED_BEFORE:
            events.publish(LAST_DAYS, token)


def _make(by: User | None, token: ApiToken) -> tuple[ApiToken, str]:
    secret = keys.make(prefix_for(token.person))
    token.digest, token.created_at = keys.digest_of(secret), clock.now()
    made_by(token, by)
    token.save()
    return token, secret


def _check_scope(scope: Scope, owner: User, by: User) -> None:
    if scope is Scope.PROVISION and not (owner.is_service_account and access.is_administrator(by)):
        raise NotAllowed("Only administrators make tokens to provision people, for service accounts.")


def _called(token: ApiToken) -> str:
    """With whose it is only where that is nobody: what stands in the stream is never erased."""
    return str(token) if token.person.is_service_account else token.name


def _note(act: Act, text: str, token: ApiToken, *, by: User | None) -> None:
    teams = {*(token.team_ids or ()), *filter(None, [token.person.kept_by_id])}
    audited.note(act, text, by=by, about=token, teams=tuple(sorted(teams)))
