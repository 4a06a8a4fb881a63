"""Incidents of the house's own: what it finds wrong with itself, each of them once while it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from apps.catalog.models import Service
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import OPEN, Detection, EventKind, Incident, Severity, Via
from apps.teams.models import Team


def standing(title: str) -> QuerySet[Incident]:
    """The open incidents of the house's own of that title, the oldest first."""
    return Incident.objects.filter(title=title, declared_by=None, status__in=OPEN).order_by("pk")


def standing_for(title: str, team: Team, *, private: bool = False) -> Incident | None:
    """The last of them of ``team`` and as private, locked; None where there is none any more."""
    last = standing(title).filter(team=team, private=private).values_list("pk", flat=True).last()
    found = locked(last) if last is not None else None
    return found if found is not None and found.is_open else None


def say_more(incident: Incident, news: str, *, data: Mapping[str, Any] | None = None) -> None:
    """Put on the timeline what was found since; the incident's row is locked by the caller."""
    timeline.record(incident, EventKind.NOTE, text=news, data=dict(data or {}))


def raise_alarm(
    title: str,
    summary: str,
    *,
    severity: Severity,
    team: Team,
    services: Iterable[Service] = (),
    private: bool = False,
) -> Incident:
    """Declare an incident in the name of the house."""
    return incidents.declare(
        title=title,
        summary=summary,
        severity=severity,
        team=team,
        by=None,
        via=Via.ENGINE,
        services=services,
        detection=Detection.MONITORING,
        private=private,
    )
