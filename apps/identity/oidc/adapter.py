"""What django-allauth asks the house about who comes from an identity provider."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from apps.core import audited
from apps.core.audited import Act
from apps.core.errors import NotAllowed
from apps.identity.oidc import rules
from apps.identity.oidc.actions import recognise
from apps.teams import sensitive
from apps.teams.models import User

#: By which backend of Django a person is found again with each request: the one that keeps them active.
BACKEND = "apps.teams.backends.PeopleBackend"


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Nobody signs up: whoever comes is somebody already, or is made by what their groups give them."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Decide who it is and what they may, before anybody is signed in."""
        provider = settings.OIDC_PROVIDERS[sociallogin.account.provider]
        told = rules.read(sociallogin.provider.claims, provider)
        confirmed = request.user if isinstance(request.user, User) and sensitive.is_confirmed(request) else None
        known = sociallogin.user if sociallogin.is_existing else None
        try:
            with transaction.atomic():
                person = recognise(told, provider, known=known, confirmed=confirmed)
                if known is None:
                    sociallogin.connect(request, person)
                    audited.note(Act.FACTOR_ADDED, f"Is known by {provider.name} from now on", by=person, about=person)
        except NotAllowed as refusal:
            audited.note(Act.SIGN_IN_FAILED, f"Refused, coming from {provider.name}: {refusal}", by=None)
            raise ImmediateHttpResponse(_refused(request, str(refusal))) from refusal
        proof = sociallogin.provider.proof
        sensitive.proved_elsewhere(request, asked_at=proof.asked_at, with_factor=proof.with_factor)
        sociallogin.user = person
        person.backend = BACKEND

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("mfa_index")

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: that an account was recognised is told to the audit stream."""


def _refused(request: HttpRequest, reason: str) -> Any:
    return render(request, "socialaccount/refused.html", {"reason": reason}, status=HTTPStatus.FORBIDDEN)
