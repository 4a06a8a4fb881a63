"""Signing in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.views import LoginView
from allauth.mfa.base.views import AuthenticateView
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.teams import factors
from apps.teams.models import User

#: The demo people, one a role, that a newcomer may sign in as (contract, "Demo log-ins").
DEMO_ROLES = ("admin", "manager", "commander", "responder", "stakeholder", "auditor")


class SignIn(LoginView):
    """The sign-in page; an installation with demo data names its log-ins (never their password)."""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().get_context_data(**context)
        return shown | {"demo_logins": _demo_logins(), "providers": settings.OIDC_PROVIDERS.values()}


class SecondStep(AuthenticateView):
    """What completes a sign-in by password: a code, or a passkey where the person has one."""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().get_context_data(**context)
        return shown | {"has_passkey": factors.passkeys_of(self.stage.login.user).exists()}


@never_cache
@require_safe
def admin_door(request: HttpRequest) -> HttpResponse:
    """The admin has no sign-in of its own: one page asks for the password, and for what else is needed.

    Whoever is signed in and may not enter is told so.
    """
    wanted = request.GET.get("next") or reverse("admin:index")
    if not request.user.is_authenticated:
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': wanted})}")
    if isinstance(request.user, User) and request.user.is_staff:
        return redirect("admin:index")
    return render(request, "account/no_admin.html", status=HTTPStatus.FORBIDDEN)


def _demo_logins() -> list[dict[str, str]]:
    if not settings.DEMO_PASSWORD:
        return []
    addresses = {f"{role}@example.com": role.capitalize() for role in DEMO_ROLES}
    present = set(User.objects.filter(email__in=addresses, is_active=True).values_list("email", flat=True))
    return [{"email": email, "role": role} for email, role in addresses.items() if email in present]
