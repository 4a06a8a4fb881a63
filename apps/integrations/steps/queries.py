"""Reads of connections and steps."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from apps.communications.status_page import queries as status_page
from apps.incidents.models import ENDED, Incident
from apps.integrations.models import Connection, Step
from apps.integrations.tools import PUBLIC, StepKind, provider_of


def connections_for(incident: Incident) -> dict[StepKind, Connection]:
    """By what each makes, the connections that serve the incident: those of its team before those of every team."""
    found: dict[StepKind, Connection] = {}
    for connection in _in_use(incident):
        if kind := provider_of(connection.provider).makes:
            found.setdefault(kind, connection)
    return found


def poster_for(incident: Incident) -> Connection | None:
    """The connection that posts in social media for the incident's team, else for every team."""
    return next((each for each in _in_use(incident) if provider_of(each.provider).posts), None)


def _in_use(incident: Incident) -> QuerySet[Connection]:
    """The connections that serve the incident, those of its team first."""
    mine = Connection.objects.filter(is_active=True).filter(Q(team=incident.team) | Q(team=None))
    return mine.order_by(F("team").asc(nulls_last=True), "pk")


def is_wanted(incident: Incident, kind: StepKind) -> bool:
    """Whether it is to be there: what is public as long as the incident is published, all else until it is over."""
    if kind in PUBLIC:
        return status_page.standing().filter(incident=incident).exists()
    return incident.status not in ENDED


def steps_of(incident: Incident) -> QuerySet[Step]:
    """What providers make for the incident, in the order in which it was planned."""
    return Step.objects.filter(incident=incident).select_related("connection").order_by("pk")
