"""Ways of signing in: who has any, who has a second factor, and of whom one is required."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from apps.teams import sensitive
from apps.teams.models import Membership, TeamRole, User

#: What is a factor by itself; recovery codes only stand in for one.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
#: What they are called in a sentence.
NAMES = {
    Authenticator.Type.TOTP: "an authenticator app",
    Authenticator.Type.WEBAUTHN: "a passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}


def of(person: User) -> QuerySet[Authenticator]:
    """The passkeys and the authenticator app of ``person``."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=person, type__in=FACTORS)
    return found


def lock(person: User) -> None:
    """Until the transaction ends nobody else takes a way in of ``person`` away, by another door, at the same time."""
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=person.pk)


def passkeys_of(person: User) -> QuerySet[Authenticator]:
    """The passkeys of ``person``: each signs in by itself."""
    return of(person).filter(type=Authenticator.Type.WEBAUTHN)


def is_required(person: User) -> bool:
    """Whether ``person`` holds a role, in whatever team, that ``FACTOR_REQUIRED_ROLES`` names."""
    roles = settings.FACTOR_REQUIRED_ROLES
    if not roles:
        return False
    if person.is_superuser and TeamRole.ADMIN in roles:
        return True
    return Membership.objects.filter(person=person, role__in=roles).exists()


def is_missing(person: User, request: HttpRequest) -> bool:
    """Whether ``person``, who is signed in, must have a factor and has none; no query where no role asks for one.

    Where their provider asked for one when the session began, none is missing.
    """
    return is_required(person) and not sensitive.factor_was_elsewhere(request) and not of(person).exists()


def has_a_way_in(*, but: Authenticator | None = None, but_provider: str = "") -> Q:
    """What fits the people who can sign in at all: by a password, a passkey or an identity provider.

    Counted as if the passkey ``but`` were gone, and as if ``but_provider`` knew nobody.
    An authenticator app and recovery codes only complete a sign-in by password.
    """
    passkeys = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.WEBAUTHN)
    if but is not None:
        passkeys = passkeys.exclude(pk=but.pk)
    providers = set(settings.OIDC_PROVIDERS) - {but_provider}
    linked = SocialAccount.objects.filter(user=OuterRef("pk"), provider__in=providers)
    no_password = Q(password="") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return ~no_password | Q(Exists(passkeys)) | Q(Exists(linked))
