"""Reads of the catalog."""

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
    "active_services",
    "by_slug",
    "covering",
    "listed_windows",
    "services_of",
    "touching",
    "visible_windows",
    "windows_by_service",
    "windows_from",
]
