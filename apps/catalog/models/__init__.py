"""What can break, and when somebody works on it on purpose."""

from apps.catalog.models.maintenance import LONGEST, MaintenanceWindow, WindowState
from apps.catalog.models.services import Dependency, LinkKind, Service, ServiceLink

__all__ = [
    "LONGEST",
    "Dependency",
    "LinkKind",
    "MaintenanceWindow",
    "Service",
    "ServiceLink",
    "WindowState",
]
