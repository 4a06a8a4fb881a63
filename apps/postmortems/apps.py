from __future__ import annotations

from django.apps import AppConfig


class PostmortemsConfig(AppConfig):
    name = "apps.postmortems"

    def ready(self) -> None:
        from apps.postmortems import handlers, reactions  # noqa: F401  (register)
