"""Writes of the catalog, one verb a function."""

from apps.catalog.actions.health import (
    HEALTH_TURNED,
    create_health_check,
    keep_health_check,
    look_now,
    update_health_check,
)
from apps.catalog.actions.maintenance import (
    DEFAULT_LENGTH,
    MAINTENANCE_CHANGED,
    change_maintenance,
    end_maintenance,
    lift_maintenance,
    may_keep_maintenance,
    plan_maintenance,
    team_ids_to_plan_for,
)
from apps.catalog.actions.services import create_service, update_service

__all__ = [
    "DEFAULT_LENGTH",
    "HEALTH_TURNED",
    "MAINTENANCE_CHANGED",
    "change_maintenance",
    "create_health_check",
    "create_service",
    "end_maintenance",
    "keep_health_check",
    "lift_maintenance",
    "look_now",
    "may_keep_maintenance",
    "plan_maintenance",
    "team_ids_to_plan_for",
    "update_health_check",
    "update_service",
]
