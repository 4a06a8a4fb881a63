"""What an alert is about: its severity, service and team, by the rules in force (contract, "Ingest")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.alerts import rules
from apps.alerts.formats import IncomingAlert
from apps.alerts.models import AlertSettings, Integration, SeverityRule
from apps.catalog import queries as catalog
from apps.catalog.models import Service
from apps.core.errors import RuleViolation
from apps.incidents.models import Severity
from apps.teams.models import Team


@dataclass(frozen=True)
class Classification:
    """What an alert was taken for; ``remarks`` are sentences for the timeline, where it had to be guessed."""

    severity: Severity
    service: Service | None
    team: Team
    remarks: tuple[str, ...] = ()


def classify(alert: IncomingAlert, integration: Integration) -> Classification:
    """Return severity, service and team of ``alert``.

    An unknown or missing service is the integration's own, and the remarks say so. The team is the one that the alert
    names, else the service's owner, else the integration's. An alert that no severity rule fits is taken for the
    worst: somebody has to look at it. Raises RuleViolation while there are no severities at all.
    """
    settings = alert_settings()
    severity, severity_remark = _severity(alert.labels)
    named = alert.service or alert.labels.get(settings.service_label, "")
    service = catalog.by_slug(named) if named else None
    service_remark = ""
    if service is None:
        service = integration.service if integration.service and integration.service.is_active else None
        service_remark = _service_remark(named, service, integration)
    team = _team(alert.labels.get(settings.team_label, "")) or (service.team if service else integration.team)
    remarks = tuple(remark for remark in (severity_remark, service_remark) if remark)
    return Classification(severity=severity, service=service, team=team, remarks=remarks)


def alert_settings() -> AlertSettings:
    """The settings in force; their defaults before any were applied."""
    return AlertSettings.objects.first() or AlertSettings()


def _severity(labels: Mapping[str, str]) -> tuple[Severity, str]:
    severities = {severity.code: severity for severity in Severity.objects.filter(is_active=True).order_by("rank")}
    if not severities:
        raise RuleViolation("No severities are in force yet: load them with `manage.py procedures apply`.")
    table = [
        rules.SeverityRow(rule.labels, rule.values, rule.severity.code if rule.severity else None)
        for rule in SeverityRule.objects.select_related("severity")
    ]
    verdict = rules.severity_of(labels, table, known=severities)
    if verdict is None:
        worst = next(iter(severities.values()))
        return worst, f"No severity rule fits, so it is taken for {worst.code}."
    return severities[verdict.code], ""


def _service_remark(named: str, service: Service | None, integration: Integration) -> str:
    because = f'There is no service "{named}"' if named else "The alert names no service"
    if service is None:
        return f"{because}, and {integration} has none of its own."
    return f"{because}; taken for {service}, the service of {integration}."


def _team(named: str) -> Team | None:
    return Team.objects.filter(slug=named, is_active=True).first() if named else None
