from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "apps.notifications"

    def ready(self) -> None:
        from apps.notifications import channels, handlers, helping, providers, reactions, role_pages, watching  # noqa: F401  (register)
