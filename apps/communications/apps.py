from __future__ import annotations

from django.apps import AppConfig


class CommunicationsConfig(AppConfig):
    name = "apps.communications"

    def ready(self) -> None:
        from apps.communications import handlers, reactions  # noqa: F401  (register)
        from apps.communications.status_page import handlers as page  # noqa: F401  (registers)
        from apps.communications.status_page import reactions as taking_off  # noqa: F401  (registers)
