from __future__ import annotations

from django.apps import AppConfig


class EscalationConfig(AppConfig):
    name = "apps.escalation"

    def ready(self) -> None:
        from apps.escalation import handlers, reactions, rosters_paged  # noqa: F401  (register)
