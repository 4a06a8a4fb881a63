"""The communication schedule of the procedures, and templates."""

from __future__ import annotations

from apps.communications.models import Audience, MessageTemplate, Phase, UpdateSchedule
from apps.incidents.models import Severity

#: Severity, initial, every, resolution, as in the source document; P3 has none.
SCHEDULES = (
    ("P0", "immediately", "30m", "15m"),
    ("P1", "30m", "1h", "30m"),
    ("P2", "2h", "4h", "next_business_day"),
)


def make_schedules() -> None:
    for code, initial, every, resolution in SCHEDULES:
        UpdateSchedule.objects.create(
            severity=Severity.objects.get(code=code), initial=initial, every=every, resolution=resolution
        )


def make_templates() -> None:
    """One internal template a phase, for every severity."""
    for phase in Phase:
        MessageTemplate.objects.create(
            audience=Audience.INTERNAL,
            phase=phase,
            subject=f"[{{severity}}] {{reference}} {phase}: {{title}}",
            body="Status: {status}\nCommander: {commander}\nNext update: {next_update}",
        )
