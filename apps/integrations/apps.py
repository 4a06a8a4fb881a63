from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"

    def ready(self) -> None:
        from apps.integrations import channels, handlers  # noqa: F401  (register)
        from apps.integrations.items import reactions as items  # noqa: F401  (registers)
        from apps.integrations.jira import tool as jira  # noqa: F401  (registers)
        from apps.integrations.pagerduty import tool  # noqa: F401  (registers)
        from apps.integrations.slack import room  # noqa: F401  (registers)
        from apps.integrations.social import posting  # noqa: F401  (registers)
        from apps.integrations.social import tool as social  # noqa: F401  (registers)
        from apps.integrations.statuspage import tool as statuspage  # noqa: F401  (registers)
        from apps.integrations.steps import reactions  # noqa: F401  (registers)
        from apps.integrations.zoom import tool as zoom  # noqa: F401  (registers)
