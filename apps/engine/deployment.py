"""What ``manage.py check --deploy`` says of an installation that nobody would hear of when it dies."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

#: The settings by which somebody hears of it, what goes unnoticed without each, and what to do about it.
_SWITCHES = {
    "WATCHDOG_TO": (
        "nobody is mailed past the engine when pages do not get out",
        "Name the addresses of whoever runs this installation.",
    ),
    "HEARTBEAT_URL": (
        "nobody outside would notice that all of it is gone",
        "Give the address of a dead-man's check elsewhere; it is called once a minute.",
    ),
}


@checks.register("engine", deploy=True)
def somebody_would_notice(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Warn where nobody is told that pages do not get out, or that the whole house is gone."""
    return [
        checks.Warning(f"{name} is empty: {without}.", hint=hint, id=f"engine.W{number:03}")
        for number, (name, (without, hint)) in enumerate(_SWITCHES.items(), start=1)
        if not getattr(settings, name)
    ]
