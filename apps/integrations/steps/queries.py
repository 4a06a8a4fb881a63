"""Reads of connections and steps."""

from __future__ import annotations

from django.db.models import F, Max, Q, QuerySet

from apps.communications.status_page import queries as status_page
from apps.incidents.models import ENDED, EventKind, Incident, TimelineEvent
from apps.integrations.models import Connection, Step
from apps.integrations.tools import PUBLIC, StepKind, provider_of

#: After these nobody works there any more (R22, R28), unless the incident is opened again.
ENDS = frozenset({EventKind.CLOSURE_CONFIRMED, EventKind.CLOSED, EventKind.CANCELLED, EventKind.MERGED})


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


def last_of(incident: Incident, *kinds: EventKind) -> int:
    """The number of the last event of these kinds on its timeline; 0 if there is none."""
    found = TimelineEvent.objects.filter(incident=incident, kind__in=kinds).aggregate(last=Max("pk"))
    return int(found["last"] or 0)


def end_of(incident: Incident) -> int:
    """The number of the event by which it ended, after which nobody works there any more; 0 if it goes on."""
    ends = TimelineEvent.objects.filter(incident=incident, kind__in=ENDS)
    end = ends.filter(pk__gt=last_of(incident, EventKind.REOPENED)).order_by("pk").first()
    return end.pk if end else 0


def goes_on(step: Step, incident: Incident) -> bool:
    """Whether the incident was opened again since the step ended."""
    kind = StepKind(step.kind)
    reopened = last_of(incident, EventKind.REOPENED) > step.followed
    return kind not in PUBLIC and reopened and not end_of(incident) and is_wanted(incident, kind)


def is_to_be_taken_away(step: Step, incident: Incident) -> bool:
    """Whether what was made has to end, or somebody in it has to leave, whatever went wrong with it before."""
    kind = StepKind(step.kind)
    if kind in PUBLIC:
        return not is_wanted(incident, kind)
    return bool(end_of(incident)) or last_of(incident, EventKind.ACCESS_TAKEN_BACK) > step.followed


def steps_of(incident: Incident) -> QuerySet[Step]:
    """What providers make for the incident, in the order in which it was planned."""
    return Step.objects.filter(incident=incident).select_related("connection").order_by("pk")
