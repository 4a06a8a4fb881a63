from __future__ import annotations

from django.apps import AppConfig


class EngineConfig(AppConfig):
    name = "apps.engine"

    def ready(self) -> None:
        from apps.engine import deployment, handlers, watchdog  # noqa: F401  (registers them)
