"""Writes of alerts, one verb a function."""

from apps.alerts.actions.changing import record_changes
from apps.alerts.actions.health import tell_of_health, tell_of_health_later
from apps.alerts.actions.heartbeats import beat, change_heartbeat, create_heartbeat, judge, plan_what_is_overdue
from apps.alerts.actions.integrations import create_integration, rotate_key
from apps.alerts.actions.receiving import receive

__all__ = [
    "beat",
    "change_heartbeat",
    "create_heartbeat",
    "create_integration",
    "judge",
    "plan_what_is_overdue",
    "receive",
    "record_changes",
    "rotate_key",
    "tell_of_health",
    "tell_of_health_later",
]
