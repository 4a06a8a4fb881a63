from __future__ import annotations

from django.apps import AppConfig


class CommunicationsConfig(AppConfig):
    name = "apps.communications"

    def ready(self) -> None:
        from apps.communications import handlers, reactions  # noqa: F401  (register)
