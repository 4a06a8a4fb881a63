"""One's own ways of signing in: passkeys, an authenticator app, recovery codes, and where one is signed in."""

from __future__ import annotations

from typing import Any, cast

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST, require_safe

from apps.identity import sessions
from apps.identity.oidc.actions import name_of
from apps.teams import actions as teams
from apps.teams import factors
from apps.teams.models import User


@login_required
@require_safe
def ways_in(request: HttpRequest) -> HttpResponse:
    """Everything by which one signs in, and where one is signed in now."""
    person = cast("User", request.user)
    own = list(factors.of(person).order_by("created_at"))
    shown = {
        "passkeys": [each for each in own if each.type == each.Type.WEBAUTHN],
        "app": next((each for each in own if each.type == each.Type.TOTP), None),
        "has_factor": bool(own),
        "providers": _providers_of(person),
        "is_missing": factors.is_missing(person, request),
        "sessions": sessions.of(person, current=request.session.session_key),
    }
    return render(request, "identity/ways_in.html", shown)


def _providers_of(person: User) -> list[tuple[str, str, bool]]:
    """The providers that there are, and those that there are no more and that know them: key, name and whether."""
    known = set(SocialAccount.objects.filter(user=person).values_list("provider", flat=True))
    keys = [*settings.OIDC_PROVIDERS, *sorted(known - set(settings.OIDC_PROVIDERS))]
    return [(key, name_of(key), key in known) for key in keys]


class AddPasskey(AddWebAuthnView):
    """Asks the browser for a passkey that stands for password and second factor alike: kept by the device, unlocked."""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().get_context_data(**context)
        return shown | {"options": auth.begin_registration(self.request.user, passwordless=True)}


class RemovePasskey(RemoveWebAuthnView):
    """Takes a passkey away, unless it is the last factor of somebody who has to have one."""

    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            factors.lock(cast("User", self.request.user))
            if not get_adapter().can_delete_authenticator(self.get_object()):
                messages.error(
                    self.request, "It stays: it is your last way in, or the last factor, which your role asks for."
                )
                return redirect(self.success_url)
            removed: HttpResponse = super().form_valid(form)
        return removed


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign oneself out somewhere else."""
    found = get_object_or_404(UserSession, pk=pk, user=cast("User", request.user))
    sessions.end([found], by=cast("User", request.user))
    messages.success(request, "That session is ended.")
    return redirect("mfa_index")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign oneself out everywhere but here; one's links to the emergency page end too, wherever they are."""
    person = cast("User", request.user)
    sessions.end(sessions.others_of(person, than=request.session.session_key), by=person)
    teams.end_passes(person)
    messages.success(request, "You are signed out everywhere else, and your printed emergency links open nothing.")
    return redirect("mfa_index")
