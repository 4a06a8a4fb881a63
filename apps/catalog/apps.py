from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.catalog"

    def ready(self) -> None:
        from apps.catalog import handlers  # noqa: F401  (registers)
