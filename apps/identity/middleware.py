"""Leads whoever must have a second factor and has none to where they add it, before anything else."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.teams import factors
from apps.teams.models import User

#: What stays open to them, by the names of the routes: what adds a factor, the way out, and what answers a page.
OPEN = frozenset(
    {
        "mfa_index", "mfa_add_webauthn", "mfa_activate_totp", "mfa_view_recovery_codes", "mfa_download_recovery_codes",
        "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "confirm_elsewhere",
        "openid_connect_login", "openid_connect_callback", "account_logout", "account_change_password", "session_end",
        "sessions_end_others", "acknowledge", "push_acknowledge", "push_decline", "service_worker", "healthz", "readyz",
        "metrics",
    }
)  # fmt: skip


class FactorMiddleware:
    """Stands behind the sign-in; the API answers for itself (``teams.authentication``), tokens are not concerned."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        """Let through what is open; everything else waits for the factor."""
        match = request.resolver_match
        if match is None or match.url_name in OPEN or request.path.startswith("/api/"):
            return None
        if not isinstance(request.user, User) or not factors.is_missing(request.user, request):
            return None
        if "HX-Request" in request.headers:
            return HttpResponse(headers={"HX-Redirect": reverse("mfa_index")})
        messages.warning(request, "Your role asks for a second factor. Add a passkey or an authenticator app to go on.")
        return redirect("mfa_index")
