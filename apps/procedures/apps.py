from __future__ import annotations

from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "apps.procedures"

    def ready(self) -> None:
        from apps.procedures import handlers, reactions  # noqa: F401  (the handlers register)

        reactions.watch()
