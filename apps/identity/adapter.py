"""What django-allauth asks the house about accounts: who may have one, and how it is checked that it is theirs."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.core import encryption, origins
from apps.identity import devices
from apps.teams import factors, sensitive
from apps.teams.models import User
from apps.teams.queries import can_be_signed_in

log = structlog.get_logger(__name__)

_WAYS = {
    "reauthenticate": "Use the password",
    "mfa_reauthenticate": "Use a code of the authenticator app, or a recovery code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}


#: What the library calls that an account bears no more wrong codes for a while (settings.ACCOUNT_RATE_LIMITS).
TOO_MANY_CODES = "too_many_login_attempts"
_TOO_MANY = (
    "There were too many wrong codes for this account. "
    f"For up to {settings.WRONG_CODES_COUNT_MINUTES} minutes no code is looked at, and no recovery code either."
)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators, by invitation and by identity providers: never by whoever comes along."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        TOO_MANY_CODES: _TOO_MANY,
        "rate_limited": _TOO_MANY,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: passwords are counted by django-axes, by account and address, and by account (``guesses``)."""

    def pre_login(self, request: HttpRequest, user: User, **known: Any) -> HttpResponse | None:
        """What refuses whoever may not be signed in, by whatever way they come; None for everybody else."""
        if not User.objects.filter(can_be_signed_in(), pk=user.pk).exists():
            clear_login(request)
            return cast("HttpResponse", self.respond_user_inactive(request, user))
        return cast("HttpResponse | None", super().pre_login(request, user, **known))

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether it is the password of ``user``; a wrong one counts as an attempt to sign in."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, **_: Any) -> bool:
        return not sensitive.is_confirmed(context.request)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """How ``user`` confirms who they are; their providers ask them too, and else they sign in again."""
        if not user.is_authenticated:
            return []
        ways = [{**way, "description": _WAYS[way["id"]]} for way in super().get_reauthentication_methods(user)]
        ways += _ways_elsewhere(user)
        return ways or [{"id": "sign_in_again", "description": "Sign in again", "url": reverse("account_logout")}]

    def post_login(self, request: HttpRequest, user: User, **known: Any) -> HttpResponse:
        """Where whoever signed in goes; the browser is known to them from now on."""
        response: HttpResponse = super().post_login(request, user, **known)
        devices.remember(request, response, user)
        return response

    def get_client_ip(self, request: HttpRequest) -> str:
        return origins.address_of(request) or origins.NO_ADDRESS


def _ways_elsewhere(user: User) -> list[dict[str, Any]]:
    known = SocialAccount.objects.filter(user=user, provider__in=settings.OIDC_PROVIDERS).order_by("provider")
    return [
        {
            "id": f"elsewhere:{key}",
            "description": f"Confirm at {settings.OIDC_PROVIDERS[key].name}",
            "url": reverse("confirm_elsewhere", kwargs={"provider_id": key}),
        }
        for key in known.values_list("provider", flat=True)
    ]


class FactorAdapter(DefaultMFAAdapter):
    """Second factors of the house. What an app shares with it and the seed of recovery codes are encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What ``encrypt`` was given. Where no key opens it, no code is right: raises ValidationError."""
        try:
            return encryption.decrypt(encrypted_text)
        except encryption.CannotDecrypt as error:
            log.error("factor_unreadable", why=str(error))
            raise self.validation_error("incorrect_code") from error

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether ``authenticator`` may go: not the last one of somebody who has to have one, nor the last way in."""
        person = authenticator.user
        is_passkey = authenticator.type == Authenticator.Type.WEBAUTHN
        if is_passkey and not User.objects.filter(factors.has_a_way_in(but=authenticator), pk=person.pk).exists():
            return False
        return factors.of(person).exclude(pk=authenticator.pk).exists() or not factors.is_required(person)

    def generate_authenticator_name(self, user: User, kind: Authenticator.Type) -> str:
        """What a new passkey is called until its person says otherwise."""
        return f"Passkey {Authenticator.objects.filter(user=user, type=kind).count() + 1}"
