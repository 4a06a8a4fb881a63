"""Where to look when something broke: an incident's services, what they need, and how that is (R16, R18, R20)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.catalog import queries as catalog
from apps.catalog.models import HealthCheck, MaintenanceWindow, Outcome, Service
from apps.core import clock
from apps.incidents import queries as incidents
from apps.incidents.models import CauseField, EventKind, Incident
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class Place:
    """A service with where to look, its health checks, and what is known of it now.

    ``open_incidents`` counts those that the viewer may see, the one that is looked into left out.
    """

    service: Service
    checks: Sequence[HealthCheck]
    windows: Sequence[MaintenanceWindow]
    open_incidents: int

    @property
    def failing(self) -> int:
        """How many of its checks did not see what they should, when they looked last."""
        return sum(check.seen is not None and check.seen.outcome == Outcome.BAD for check in self.checks)

    @property
    def is_seen(self) -> bool:
        """Whether any of its checks has looked."""
        return any(check.seen for check in self.checks)


@dataclass(frozen=True, slots=True)
class Cause:
    """What somebody found on the way to the root cause, and where they looked."""

    about: str
    text: str
    by: User | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The services of an incident, and what these need besides one another, each once and by name."""

    services: Sequence[Place]
    needed: Sequence[Place]

    @property
    def has_checks(self) -> bool:
        return any(place.checks for place in self.services)


def around(incident: Incident, viewer: User) -> Surroundings:
    """What is around the incident; seven queries, however much that is."""
    services = list(incident.services.prefetch_related("links", "dependencies__depends_on"))
    needed = {
        dependency.depends_on_id: dependency.depends_on
        for service in services
        for dependency in service.dependencies.all()
    }
    for service in services:
        needed.pop(service.pk, None)
    others = sorted(needed.values(), key=lambda service: service.name)
    places = iter(_places([*services, *others], incident, viewer))
    return Surroundings([next(places) for _ in services], list(places))


def causes_of(incident: Incident) -> list[Cause]:
    """What was found on the way to the root cause, oldest first; one query."""
    events = incident.timeline.filter(kind=EventKind.CAUSE_NOTED).select_related("actor")
    return [Cause(CauseField(event.data["about"]).label, event.data["text"], event.actor, event.at) for event in events]


def _places(services: Sequence[Service], incident: Incident, viewer: User) -> Iterable[Place]:
    if not services:
        return
    checks = catalog.checks_by_service(services)
    windows = catalog.windows_by_service(services, clock.now())
    found = incidents.open_incidents(viewer).filter(services__in=services).exclude(pk=incident.pk)
    open_on = Counter(found.values_list("services", flat=True))
    for service in services:
        yield Place(service, checks.get(service.pk, []), windows[service.pk], open_on[service.pk])
