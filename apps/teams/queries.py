"""Reads of people and teams that are worth a name."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from apps.core import clock, keys
from apps.core.models import Erasure
from apps.core.personal import subject
from apps.teams import access, token_shape
from apps.teams.access import GRANTS, Permission
from apps.teams.models import ApiToken, Membership, MembershipSource, TeamRole, User, UserKind

#: The roles whose holders respond for their team.
RESPONDING = tuple(role for role, granted in GRANTS.items() if Permission.RESPOND in granted)


def responds() -> Q:
    """What fits the people who can be on call: active, and responding for some team."""
    held = Membership.objects.filter(person=OuterRef("pk"), role__in=RESPONDING)
    return Q(Q(Exists(held)) | Q(is_superuser=True), is_active=True, kind=UserKind.PERSON)


def is_a_person() -> Q:
    """What fits whoever can be chosen and told: neither the stand-in of a webhook nor a service account."""
    return Q(kind=UserKind.PERSON, webhook_endpoint__isnull=True)


def was_erased() -> Q:
    """What fits whoever's personal data were erased: nobody is them again (``triggers.STAYS_ERASED``)."""
    named = Concat(Value(subject("person", "")), Cast(OuterRef("pk"), TextField()))
    return Q(Exists(Erasure.objects.filter(subject=named)))


def is_erased(person: User) -> bool:
    """Whether the personal data of ``person`` were erased."""
    return User.objects.filter(was_erased(), pk=person.pk).exists()


def administrates_by_hand(person: User) -> bool:
    """Whether ``person`` administrates the organisation because somebody said so here, and no group did."""
    by_hand = person.memberships.filter(team=None, role=TeamRole.ADMIN, source=MembershipSource.HAND)
    return person.is_superuser or by_hand.exists()


def can_be_signed_in() -> Q:
    """What fits whoever signs in, by whatever way: people who are active."""
    return Q(is_a_person(), is_active=True)


def may_keep_accounts(person: User) -> bool:
    """Whether there can be service accounts that ``person`` keeps: they manage some team."""
    return access.is_administrator(person) or bool(access.team_ids(person, Permission.MANAGE))


def kept_accounts(keeper: User) -> QuerySet[User]:
    """The service accounts in use that ``keeper`` keeps: those of their teams, for administrators all."""
    found = User.objects.filter(kind=UserKind.SERVICE, is_active=True)
    if access.is_administrator(keeper):
        return found
    return found.filter(kept_by__in=access.team_ids(keeper, Permission.MANAGE))


def kept_tokens(keeper: User) -> QuerySet[ApiToken]:
    """The tokens that work and are kept by ``keeper``: their own, and those of the service accounts they keep."""
    live = ApiToken.objects.filter(revoked_at=None, expires_at__gt=clock.now(), person__is_active=True)
    kept = live.filter(Q(person=keeper) | Q(person__in=kept_accounts(keeper)))
    return kept.select_related("person", "replaces", "replaced_by")


def live_token(secret: str) -> ApiToken | None:
    """The token of that secret, with its person, if it works now: one query, and none for what cannot be a token."""
    if not token_shape.can_be_one(secret):
        return None
    live = ApiToken.objects.filter(expires_at__gt=clock.now(), revoked_at=None, person__is_active=True)
    return live.select_related("person").filter(digest=keys.digest_of(secret)).first()


def responders() -> QuerySet[User]:
    """Who can be on call: whoever is active and responds for some team."""
    return User.objects.filter(responds())
