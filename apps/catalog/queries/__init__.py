"""Reads of the catalog."""

from apps.catalog.queries.health import active_checks, checks_by_service, visible_health_checks
from apps.catalog.queries.maintenance import (
    Maintenance,
    about,
    covering,
    listed_windows,
    touching,
    visible_windows,
    windows_by_service,
    windows_from,
)
from apps.catalog.queries.services import active_services, by_slug, services_of

__all__ = [
    "Maintenance",
    "about",
    "active_checks",
    "active_services",
    "by_slug",
    "checks_by_service",
    "covering",
    "listed_windows",
    "services_of",
    "touching",
    "visible_health_checks",
    "visible_windows",
    "windows_by_service",
    "windows_from",
]
