from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class RostersConfig(AppConfig):
    name = "apps.rosters"

    def ready(self) -> None:
        import_module("apps.rosters.handlers")
        import_module("apps.rosters.reactions")
