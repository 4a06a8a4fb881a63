"""What an alert is about: its severity, service and team, by the rules in force (contract, "Ingest")."""

from __future__ import annotations

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


class Classifier:
    """Classifies the alerts of one integration by the rules as they are when it is made; reads them once."""

    def __init__(self, integration: Integration) -> None:
        self._integration = integration
        self._settings = alert_settings()
        self._severities = {each.code: each for each in Severity.objects.filter(is_active=True).order_by("rank")}
        self._table = [
            rules.SeverityRow(rule.labels, rule.values, rule.severity.code if rule.severity else None)
            for rule in SeverityRule.objects.select_related("severity")
        ]
        self._services: dict[str, Service | None] = {}
        self._teams: dict[str, Team | None] = {}

    def classify(self, alert: IncomingAlert) -> Classification:
        """Return severity, service and team of ``alert``.

        An unknown or missing service is the integration's own, and the remarks say so. The team is the one that the
        alert names, else the service's owner, else the integration's. An alert that no severity rule fits is taken for
        the worst: somebody has to look at it. Raises RuleViolation while there are no severities at all.
        """
        integration = self._integration
        severity, severity_remark = self._severity(alert)
        named = alert.service or alert.labels.get(self._settings.service_label, "")
        service, service_remark = self._service(named), ""
        if service is None:
            service = integration.service if integration.service and integration.service.is_active else None
            service_remark = _service_remark(named, service, integration)
        team = self._team(alert.labels.get(self._settings.team_label, ""))
        team = team or (service.team if service else integration.team)
        remarks = tuple(remark for remark in (severity_remark, service_remark) if remark)
        return Classification(severity=severity, service=service, team=team, remarks=remarks)

    def _severity(self, alert: IncomingAlert) -> tuple[Severity, str]:
        if not self._severities:
            raise RuleViolation("No severities are in force yet: load them with `manage.py procedures apply`.")
        priority = self._settings.opsgenie_priorities.get(alert.opsgenie_priority, "")
        for stated in (alert.severity, priority):
            if stated in self._severities:
                return self._severities[stated], ""
        code = rules.severity_of(alert.labels, self._table, known=self._severities)
        if code is None:
            worst = next(iter(self._severities.values()))
            return worst, f"No severity rule fits, so it is taken for {worst.code}."
        return self._severities[code], ""

    def _service(self, named: str) -> Service | None:
        if named and named not in self._services:
            self._services[named] = catalog.by_slug(named)
        return self._services.get(named)

    def _team(self, named: str) -> Team | None:
        if named and named not in self._teams:
            self._teams[named] = Team.objects.filter(slug=named, is_active=True).first()
        return self._teams.get(named)


def alert_settings() -> AlertSettings:
    """The settings in force; their defaults before any were applied."""
    return AlertSettings.objects.first() or AlertSettings()


def _service_remark(named: str, service: Service | None, integration: Integration) -> str:
    because = f'There is no service "{named}"' if named else "The alert names no service"
    if service is None:
        return f"{because}, and {integration} has none of its own."
    return f"{because}; taken for {service}, the service of {integration}."
