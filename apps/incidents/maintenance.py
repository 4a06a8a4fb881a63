"""Whether maintenance holds back the pages of an incident (R34, docs/maintenance.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q

from apps.catalog import queries as catalog
from apps.catalog.queries import Maintenance
from apps.incidents.models import EventKind, Incident, Via

#: How an incident comes about; by an alert alone, nobody has looked at it yet.
_BEGINS = Q(kind__in=(EventKind.DECLARED, EventKind.REOPENED)) & ~Q(via=Via.ALERT)
#: What a person does who wants others to be woken.
_CALLS = Q(kind__in=(EventKind.ESCALATED, EventKind.REASSIGNED))


def holding(incident: Incident, *, at: datetime) -> Maintenance | None:
    """What holds back the incident's pages at that instant: maintenance of all its services; None: nothing.

    An incident without a service is held back by maintenance of all there are. One query while nothing is under
    maintenance, which is nearly always.
    """
    return reckoning(incident, since=at)(at)


def reckoning(incident: Incident, *, since: datetime) -> Callable[[datetime], Maintenance | None]:
    """What tells for any instant from ``since`` on what holds back the incident's pages; its queries are made once."""
    windows = catalog.windows_from(since)
    if windows and somebody_calls(incident):
        windows = []
    services = list(incident.services.all()) if windows else []
    return lambda at: catalog.covering(services, at, among=windows)


def remark(incident: Incident, *, at: datetime) -> str:
    """What a page says of the maintenance of any of the incident's services, or of all there are; often nothing."""
    if not (windows := catalog.touching(incident.services.all(), at)):
        return ""
    told = "; ".join(dict.fromkeys(f"{window} until {window.end:%Y-%m-%d %H:%M} UTC" for window in windows))
    return f"Maintenance is on: {told}."


def somebody_calls(incident: Incident) -> bool:
    """Whether it is more than an alert, since its response began: then maintenance explains nothing away.

    A person declared or reopened it, escalated or reassigned it; or the house itself found that it failed.
    """
    said = incident.timeline.filter(_BEGINS | _CALLS, at__gte=incident.response_started_at)
    return said.exists()
