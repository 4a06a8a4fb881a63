"""Who can be signed in at all, and Django's own permissions for who holds none of them by name."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend, ModelBackend

from apps.teams import access
from apps.teams.models import User
from apps.teams.queries import can_be_signed_in


class PeopleBackend(ModelBackend):
    """Passwords, and whose a session is: of active people, never of service accounts and stand-ins of webhooks.

    Each request of a session asks ``get_user``: whoever came in by whatever way is nobody here if they may not be.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        return User.objects.filter(can_be_signed_in(), pk=user.pk).exists()

    def get_user(self, user_id: int) -> User | None:
        """The person of the session; None for who may not be signed in. One query."""
        return User.objects.filter(can_be_signed_in(), pk=user_id).first()


class OrganisationBackend(BaseBackend):
    """Answers Django's model permissions from memberships, for pages that ask nothing else (the engine's timers).

    Administrators do everything, auditors look.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether an organisation-wide role of the person covers ``app.verb_model``; never for a single object."""
        if obj is not None:
            return False
        if access.is_administrator(user_obj):
            return True
        return access.is_auditor(user_obj) and perm.partition(".")[2].startswith("view_")

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether the admin shows the app at all."""
        return access.is_administrator(user_obj) or access.is_auditor(user_obj)
