"""What can break, when somebody works on it on purpose, and how one sees whether it works."""

from apps.catalog.models.health import CheckKind, Comparison, HealthCheck, HealthResult, HealthState, Method, Outcome
from apps.catalog.models.maintenance import LONGEST, MaintenanceWindow, WindowState
from apps.catalog.models.services import Dependency, LinkKind, Service, ServiceLink

__all__ = [
    "LONGEST",
    "CheckKind",
    "Comparison",
    "Dependency",
    "HealthCheck",
    "HealthResult",
    "HealthState",
    "LinkKind",
    "MaintenanceWindow",
    "Method",
    "Outcome",
    "Service",
    "ServiceLink",
    "WindowState",
]
