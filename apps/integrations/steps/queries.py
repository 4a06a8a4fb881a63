"""Reads of connections and steps."""

from __future__ import annotations

from django.db.models import F, QuerySet

from apps.incidents.models import Incident
from apps.integrations.models import Connection, Step
from apps.integrations.tools import StepKind, provider_of


def connections_for(incident: Incident) -> dict[StepKind, Connection]:
    """By what each makes, the connections that serve the incident: those of its team before those of every team."""
    in_use = Connection.objects.filter(is_active=True).filter(team=incident.team) | Connection.objects.filter(
        is_active=True, team=None
    )
    found: dict[StepKind, Connection] = {}
    for connection in in_use.order_by(F("team").asc(nulls_last=True), "pk"):
        found.setdefault(provider_of(connection.provider).makes, connection)
    return found


def steps_of(incident: Incident) -> QuerySet[Step]:
    """What providers make for the incident, in the order in which it was planned."""
    return Step.objects.filter(incident=incident).select_related("connection").order_by("pk")
