from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from apps.core import checks  # noqa: F401  (registers)
        from apps.core.database_roles import grant_application_role

        post_migrate.connect(grant_application_role, dispatch_uid="grant_application_role")
