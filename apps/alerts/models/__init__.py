"""The tables of alerts, one subject a module."""

from apps.alerts.models.alert import Alert, AlertStatus
from apps.alerts.models.heartbeat import Heartbeat, HeartbeatState
from apps.alerts.models.inbox import InboxEntry
from apps.alerts.models.integration import Format, Integration
from apps.alerts.models.mapping import ANY_VALUE, NO_VALUE, AlertSettings, SeverityRule

__all__ = [
    "ANY_VALUE",
    "NO_VALUE",
    "Alert",
    "AlertSettings",
    "AlertStatus",
    "Format",
    "Heartbeat",
    "HeartbeatState",
    "InboxEntry",
    "Integration",
    "SeverityRule",
]
