"""Django's own permissions for who holds none of them by name: administrators do everything, auditors look."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

from apps.teams import access


class OrganisationBackend(BaseBackend):
    """Answers Django's model permissions from memberships, for pages that ask nothing else (the engine's timers)."""

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
