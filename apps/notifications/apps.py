from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "apps.notifications"

    def ready(self) -> None:
        from apps.notifications import (  # noqa: F401  (register)
            absence_notices,
            access_notices,
            channels,
            coverage,
            handlers,
            helping,
            joined_methods,
            lost_methods,
            own_notices,
            providers,
            reactions,
            retention,
            role_pages,
            stand_in_notices,
            swap_notices,
            token_notices,
            watching,
            zone_notices,
        )
