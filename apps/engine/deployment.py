"""What ``manage.py check --deploy`` says of an installation that nobody would hear of when it dies."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register("engine", deploy=True)
def somebody_would_notice(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Warn where nobody is told that pages do not get out, or that the whole house is gone."""
    found: list[checks.CheckMessage] = []
    if not settings.WATCHDOG_TO:
        found.append(
            checks.Warning(
                "WATCHDOG_TO is empty: nobody is mailed past the engine when pages do not get out.",
                hint="Name the addresses of whoever runs this installation.",
                id="engine.W001",
            )
        )
    if not settings.HEARTBEAT_URL:
        found.append(
            checks.Warning(
                "HEARTBEAT_URL is empty: nobody outside would notice that all of it is gone.",
                hint="Give the address of a dead-man's check elsewhere; it is called once a minute.",
                id="engine.W002",
            )
        )
    return found
