"""Which health checks there are, and what they saw last (R16, R20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from apps.catalog.models import HealthCheck, Service
from apps.teams import access
from apps.teams.access import Permission, Viewer


def visible_health_checks(person: Viewer) -> QuerySet[HealthCheck]:
    """The checks of services of the teams that ``person`` may see, those switched off included, with what they saw."""
    seen = access.team_ids(person, Permission.VIEW)
    checks = HealthCheck.objects.filter(service__team__in=seen)
    return checks.select_related("service__team", "state")


def active_checks(services: Iterable[Service] | None = None) -> QuerySet[HealthCheck]:
    """The checks in use of ``services``, or of all there are, with what they saw, by service and name."""
    checks = HealthCheck.objects.filter(is_active=True, service__is_active=True).select_related("service", "state")
    return checks if services is None else checks.filter(service__in=[service.pk for service in services])


def checks_by_service(services: Iterable[Service]) -> dict[int, list[HealthCheck]]:
    """The checks in use of each of ``services``, by its id; one query."""
    found: dict[int, list[HealthCheck]] = defaultdict(list)
    for check in active_checks(services):
        found[check.service_id].append(check)
    return found
