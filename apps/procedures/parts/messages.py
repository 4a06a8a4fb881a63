"""When the messages of each severity are due, and the words they begin from (R24, R27)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet

from apps.communications.models import MessageTemplate, UpdateSchedule
from apps.communications.rules import UNSCHEDULED, Cadence
from apps.core.durations import Delay
from apps.incidents.models import Severity
from apps.procedures import document as said
from apps.procedures.document import Document, Off
from apps.procedures.rows import Writer

ANY = "any"


def read_schedule() -> dict[str, said.Cadence]:
    """Return the cadence of the severities in use by code."""
    rows = {row.severity_id: row for row in UpdateSchedule.objects.all()}
    return {
        severity.code: _cadence(rows[severity.pk].cadence if severity.pk in rows else UNSCHEDULED)
        for severity in Severity.objects.filter(is_active=True)
    }


def read_templates() -> dict[str, dict[str, dict[str, said.Message]]]:
    """Return the messages by audience, phase and severity."""
    templates: dict[str, dict[str, dict[str, said.Message]]] = {}
    for row in _templates().select_related("severity").order_by("-audience", "pk"):
        phases = templates.setdefault(row.audience, {})
        about = row.severity.code if row.severity else ANY
        phases.setdefault(row.phase, {})[about] = said.Message(subject=row.subject, body=row.body)
    return templates


def write(document: Document, writer: Writer, *, severities: Mapping[str, Severity]) -> None:
    """Make schedule and templates those of ``document``; what belongs to a retired severity stays as it is."""
    schedules = {row.severity_id: row for row in UpdateSchedule.objects.all()}
    for code, cadence in document.communication.schedule.items():
        severity = severities[code]
        writer.put(
            schedules.get(severity.pk) or UpdateSchedule(severity=severity),
            initial=str(cadence.initial),
            every=_text(cadence.every),
            resolution=_text(cadence.resolution),
        )
    held = {(row.audience, row.phase, row.severity_id): row for row in _templates()}
    for audience, phases in document.communication.templates.items():
        for phase, messages in phases.items():
            for code, message in messages.items():
                about = None if code == ANY else severities[code]
                row = held.pop((audience, phase, about.pk if about else None), None)
                writer.put(
                    row or MessageTemplate(audience=audience, phase=phase, severity=about),
                    subject=message.subject,
                    body=message.body,
                )
    writer.remove(held.values())


def _templates() -> QuerySet[MessageTemplate]:
    return MessageTemplate.objects.exclude(severity__is_active=False)


def _cadence(cadence: Cadence) -> said.Cadence:
    return said.Cadence(initial=cadence.initial, every=cadence.every or "off", resolution=cadence.resolution or "off")


def _text(delay: Delay | Off) -> str:
    return "" if delay == "off" else str(delay)
