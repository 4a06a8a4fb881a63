from __future__ import annotations

from django.apps import AppConfig


class OperationConfig(AppConfig):
    name = "apps.operation"

    def ready(self) -> None:
        from apps.operation import handlers  # noqa: F401  (registers)
