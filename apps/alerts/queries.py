"""Reads of alerts and changes, and of what their senders posted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.alerts.classification import alert_settings
from apps.alerts.models import Alert, AlertStatus, Change, Format, Heartbeat, InboxEntry, Integration
from apps.incidents import queries as incidents
from apps.incidents.models import OPEN, EventKind, Incident
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


def changes_beside(incident: Incident) -> QuerySet[Change]:
    """What was changed of the incident's services shortly before it and during it, newest first (R17).

    Shortly is the procedures' ``changes_within``. A change that concerns no service is one of its whole team; so is
    every change of the team where the incident names no service.
    """
    concerned = Change.services.through.objects.filter(change=OuterRef("pk"))
    affected = incident.services.all().values("pk")
    these = Q(service__in=affected) if affected.exists() else Q(service__team=incident.team_id)
    of_its_team = Q(integration__team=incident.team_id) & ~Exists(concerned)
    since = incident.declared_at - changes_within()
    found = Change.objects.filter(Q(Exists(concerned.filter(these))) | of_its_team, at__gte=since).order_by(
        "-at", "-pk"
    )
    ended_at = incident.resolved_at or _ended_without_resolution(incident)
    if ended_at is not None:
        found = found.filter(at__lte=ended_at)
    return found.select_related("integration").prefetch_related("services")


def changes_within() -> timedelta:
    """From how long before an incident on changes are shown beside it."""
    return alert_settings().changes_within


def _ended_without_resolution(incident: Incident) -> datetime | None:
    """When it was cancelled or became a part of another; None for any other."""
    if incident.is_open:
        return None
    ends = incident.timeline.filter(kind__in=(EventKind.CANCELLED, EventKind.MERGED)).order_by("-pk")
    return ends.values_list("at", flat=True).first()


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
