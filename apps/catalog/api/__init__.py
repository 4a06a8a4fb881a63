"""The catalog in the HTTP API."""

from apps.catalog.api.health import HealthCheckViewSet
from apps.catalog.api.maintenance import MaintenanceViewSet
from apps.catalog.api.services import ServiceViewSet

__all__ = ["HealthCheckViewSet", "MaintenanceViewSet", "ServiceViewSet"]
