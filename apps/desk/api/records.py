"""An incident as the API tells it, gathered from incidents, escalation and teams in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from apps.escalation import queries as escalation
from apps.escalation.queries import EscalationSummary
from apps.incidents import queries as incidents
from apps.incidents.models import OF_EVERY_INCIDENT, ChecklistItem, Clock, ClockName, Incident
from apps.incidents.queries import RoleHolder


@dataclass(frozen=True, slots=True)
class ClockTimes:
    """The times of a clock; all None where none runs and none was answered or broken."""

    due_at: datetime | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of an incident that the API names, each always there (R4, R24)."""

    response: ClockTimes
    resolution: ClockTimes
    update: ClockTimes


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One incident with everything that its JSON tells."""

    incident: Incident
    clocks: Clocks
    roles: list[RoleHolder]
    escalation: EscalationSummary

    @property
    def services(self) -> list[str]:
        return [service.slug for service in self.incident.services.all()]

    @property
    def checklist(self) -> list[ChecklistItem]:
        return [item for item in self.incident.checklist.all() if item.part in OF_EVERY_INCIDENT]

    @property
    def procedures_version(self) -> str:
        """Version and revision of the procedures it runs under: ``1.0-r3`` (R36)."""
        return f"{self.incident.procedures.version}-r{self.incident.procedures_id}"

    @property
    def url(self) -> str:
        """The address of the incident's page."""
        return f"{settings.SITE_URL}{self.incident.get_absolute_url()}"


def complete(found: QuerySet[Incident]) -> QuerySet[Incident]:
    """``found`` with what ``of`` reads from each incident; the whole text of the procedures is left where it is."""
    return (
        found.select_related("severity", "team", "procedures")
        .defer("procedures__document")
        .prefetch_related("services", Prefetch("checklist", ChecklistItem.objects.select_related("by")))
    )


def of(found: Iterable[Incident]) -> list[IncidentRecord]:
    """The records of ``found`` (see ``complete``), in its order."""
    listed = list(found)
    clocks = incidents.current_clocks(listed)
    holders = incidents.current_holders(listed)
    summaries = escalation.summaries(listed)
    return [
        IncidentRecord(
            incident=incident,
            clocks=_clocks(clocks.get(incident.pk, {})),
            roles=holders[incident.pk],
            escalation=summaries.get(incident.pk, escalation.NOWHERE),
        )
        for incident in listed
    ]


def _clocks(by_name: dict[str, Clock]) -> Clocks:
    return Clocks(
        response=_times(by_name.get(ClockName.RESPONSE)),
        resolution=_times(by_name.get(ClockName.RESOLUTION)),
        update=_times(by_name.get(ClockName.UPDATE)),
    )


def _times(clock: Clock | None) -> ClockTimes:
    if clock is None or (clock.stopped_at is not None and clock.breached_at is None):
        return ClockTimes()
    return ClockTimes(due_at=clock.due_at, met_at=clock.met_at, breached_at=clock.breached_at)
