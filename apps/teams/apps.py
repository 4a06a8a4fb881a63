from __future__ import annotations

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "apps.teams"

    def ready(self) -> None:
        from apps.teams import checks, handlers, openapi, sensitive  # noqa: F401  (register)
