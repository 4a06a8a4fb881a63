"""Writes of the catalog, one verb a function."""

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
    "MAINTENANCE_CHANGED",
    "change_maintenance",
    "create_service",
    "end_maintenance",
    "lift_maintenance",
    "may_keep_maintenance",
    "plan_maintenance",
    "team_ids_to_plan_for",
    "update_service",
]
