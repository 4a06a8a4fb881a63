"""Reads of connections and steps."""

from __future__ import annotations

from django.db.models import F, QuerySet

from apps.communications.status_page import queries as status_page
from apps.incidents.models import ENDED, Incident
from apps.integrations.models import Connection, Step
from apps.integrations.tools import PUBLIC, StepKind, provider_of


def connections_for(incident: Incident) -> dict[StepKind, Connection]:
    """By what each makes, the connections that serve the incident: those of its team before those of every team."""
    in_use = Connection.objects.filter(is_active=True).filter(team=incident.team) | Connection.objects.filter(
        is_active=True, team=None
    )
    found: dict[StepKind, Connection] = {}
    for connection in in_use.order_by(F("team").asc(nulls_last=True), "pk"):
        found.setdefault(provider_of(connection.provider).makes, connection)
    return found


def is_wanted(incident: Incident, kind: StepKind) -> bool:
    """Whether it is to be there: what is public as long as the incident is published, all else until it is over."""
    if kind in PUBLIC:
        return status_page.standing().filter(incident=incident).exists()
    return incident.status not in ENDED


def steps_of(incident: Incident) -> QuerySet[Step]:
    """What providers make for the incident, in the order in which it was planned."""
    return Step.objects.filter(incident=incident).select_related("connection").order_by("pk")
