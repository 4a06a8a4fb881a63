"""The catalog in the HTTP API."""

from apps.catalog.api.maintenance import MaintenanceViewSet
from apps.catalog.api.services import ServiceViewSet

__all__ = ["MaintenanceViewSet", "ServiceViewSet"]
