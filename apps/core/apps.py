from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from apps.core import checks  # noqa: F401  (registers)
        from apps.core.admin_links import link_where_it_opens
        from apps.core.database_roles import grant_application_role
        from apps.core.personal import define_erasing

        link_where_it_opens()
        # Sent once for each app, when all tables are there: once is enough.
        post_migrate.connect(define_erasing, sender=self, dispatch_uid="define_erasing")
        post_migrate.connect(grant_application_role, sender=self, dispatch_uid="grant_application_role")
