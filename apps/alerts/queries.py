"""Reads of alerts and of what their senders posted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from apps.alerts.models import Alert, AlertStatus, Heartbeat, InboxEntry, Integration
from apps.incidents.models import Incident
from apps.teams import access
from apps.teams.access import Permission

#: So many of an integration's latest problems are shown.
SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class IntegrationReport:
    """How an integration does: what fires now, when it last posted, and its latest bodies that made trouble.

    ``heartbeat`` is the integration itself, where it is one: that posts no bodies.
    """

    integration: Integration
    heartbeat: Heartbeat | None
    firing: int
    last_posted_at: datetime | None
    problems: list[InboxEntry]


def of_incident(incident: Incident) -> QuerySet[Alert]:
    """The incident's alerts, newest first, with what their description needs."""
    return incident.alerts.select_related("integration", "severity", "service", "team").order_by("-pk")


def integrations_of(person: access.Viewer) -> QuerySet[Integration]:
    """The integrations of the teams that ``person`` may see, by team and name."""
    integrations = Integration.objects.select_related("team", "service")
    if access.is_administrator(person):
        return integrations
    return integrations.filter(team__in=access.team_ids(person, Permission.VIEW))


def reports_for(person: access.Viewer) -> list[IntegrationReport]:
    """How the integrations that ``person`` may see do, by team and name."""
    latest = InboxEntry.objects.filter(integration=OuterRef("pk")).order_by("-pk").values("received_at")[:1]
    integrations = list(
        integrations_of(person).select_related("heartbeat__severity").annotate(last_posted_at=Subquery(latest))
    )
    firing = Counter(
        Alert.objects.filter(integration__in=integrations, is_current=True, status=AlertStatus.FIRING).values_list(
            "integration", flat=True
        )
    )
    return [
        IntegrationReport(
            integration=integration,
            heartbeat=getattr(integration, "heartbeat", None),
            firing=firing[integration.pk],
            last_posted_at=integration.last_posted_at,
            problems=list(integration.inbox.exclude(problem="").order_by("-pk")[:SHOWN_PROBLEMS]),
        )
        for integration in integrations
    ]
