from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "apps.identity"

    def ready(self) -> None:
        import_module("apps.identity.handlers")
        import_module("apps.identity.reactions")
        import_module("apps.identity.rotation")
        import_module("apps.identity.leaving")
        import_module("apps.identity.addresses")
        import_module("apps.identity.retention")
