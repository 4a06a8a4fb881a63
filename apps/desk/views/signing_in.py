"""Signing in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView

from apps.teams.models import User

#: The demo people, one a role, that a newcomer may sign in as (contract, "Demo log-ins").
DEMO_ROLES = ("admin", "manager", "commander", "responder", "stakeholder", "auditor")


class SignIn(LoginView):
    """The sign-in page; an installation with demo data names its log-ins (never their password)."""

    redirect_authenticated_user = True

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(demo_logins=_demo_logins(), **context)


def _demo_logins() -> list[dict[str, str]]:
    if not settings.DEMO_PASSWORD:
        return []
    addresses = {f"{role}@example.com": role.capitalize() for role in DEMO_ROLES}
    present = set(User.objects.filter(email__in=addresses, is_active=True).values_list("email", flat=True))
    return [{"email": email, "role": role} for email, role in addresses.items() if email in present]
