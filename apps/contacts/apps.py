from __future__ import annotations

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "apps.contacts"

    def ready(self) -> None:
        from apps.contacts import reactions  # noqa: F401  (registers)
