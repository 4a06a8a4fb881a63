from __future__ import annotations

from django.apps import AppConfig, apps


class DeskConfig(AppConfig):
    name = "apps.desk"
    label = "desk"

    def ready(self) -> None:
        from apps.desk.leaving import handlers  # noqa: F401  (registers)

        # The index of the admin names apps; this one came with a product name that says nothing to its readers.
        apps.get_app_config("axes").verbose_name = "Sign-in attempts"
