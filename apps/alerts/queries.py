"""Reads of alerts and of what their senders posted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from apps.alerts.models import Alert, AlertStatus, Format, Heartbeat, InboxEntry, Integration
from apps.incidents import queries as incidents
from apps.incidents.models import OPEN, Incident
from apps.teams import access
from apps.teams.access import Permission

#: So many of an integration's latest problems are shown.
SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class IntegrationReport:
    """How an integration does: what fires now, when it last posted, and its latest bodies that made trouble.

    ``heartbeat`` is the integration itself, where it is one: that posts no bodies, and ``incident`` is the open one
    that its silence made, as far as it may be seen.
    """

    integration: Integration
    heartbeat: Heartbeat | None
    incident: Incident | None
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
    seen = Alert.objects.filter(
        integration__in=integrations, is_current=True, incident__in=incidents.visible_to(person)
    )  # fmt: skip
    firing = Counter(seen.filter(status=AlertStatus.FIRING).values_list("integration", flat=True))
    silent = seen.filter(integration__format=Format.HEARTBEAT, incident__status__in=OPEN)
    made = {alert.integration_id: alert.incident for alert in silent.select_related("incident")}
    return [
        IntegrationReport(
            integration=integration,
            heartbeat=getattr(integration, "heartbeat", None),
            incident=made.get(integration.pk),
            firing=firing[integration.pk],
            last_posted_at=integration.last_posted_at,
            problems=list(integration.inbox.exclude(problem="").order_by("-pk")[:SHOWN_PROBLEMS]),
        )
        for integration in integrations
    ]
