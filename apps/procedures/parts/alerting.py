"""How alerts become severity, service and team."""

from __future__ import annotations

from collections.abc import Mapping

from apps.alerts.models import AlertSettings, SeverityRule
from apps.incidents.models import Severity
from apps.procedures import document as said
from apps.procedures.document import Document
from apps.procedures.rows import Writer

AS_WRITTEN = "as_written"


def read() -> said.Alerts:
    """Return the rules in order and the labels they go by."""
    settings = AlertSettings.objects.first() or AlertSettings()
    return said.Alerts(
        severity_rules=tuple(
            said.SeverityRule(
                labels=tuple(row.labels),
                values=tuple(row.values),
                severity=row.severity.code if row.severity else AS_WRITTEN,
            )
            for row in SeverityRule.objects.select_related("severity")
        ),
        service_label=settings.service_label,
        team_label=settings.team_label,
        opsgenie_priorities=dict(settings.opsgenie_priorities),
        changes_within=settings.changes_within,
    )


def write(document: Document, writer: Writer, *, severities: Mapping[str, Severity]) -> None:
    """Make rules and labels those of ``document``. Alerts that came before keep the severity they got."""
    alerts = document.alerts
    rows = list(SeverityRule.objects.all())
    for position, rule in enumerate(alerts.severity_rules):
        writer.put(
            rows[position] if position < len(rows) else SeverityRule(),
            position=position,
            labels=list(rule.labels),
            values=list(rule.values),
            severity=None if rule.severity == AS_WRITTEN else severities[rule.severity],
        )
    writer.remove(rows[len(alerts.severity_rules) :])
    writer.put(
        AlertSettings.objects.first() or AlertSettings(pk=1),
        service_label=alerts.service_label,
        team_label=alerts.team_label,
        opsgenie_priorities=dict(alerts.opsgenie_priorities),
        changes_within=alerts.changes_within,
    )
