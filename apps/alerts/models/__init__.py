"""The tables of alerts, one subject a module."""

from apps.alerts.models.alert import Alert, AlertStatus
from apps.alerts.models.change import Change, ChangeKind
from apps.alerts.models.heartbeat import Heartbeat, HeartbeatState
from apps.alerts.models.inbox import InboxEntry
from apps.alerts.models.integration import Format, Integration
from apps.alerts.models.mapping import ANY_VALUE, NO_VALUE, AlertSettings, ChangeRule, SeverityRule

__all__ = [
    "ANY_VALUE",
    "NO_VALUE",
    "Alert",
    "AlertSettings",
    "AlertStatus",
    "Change",
    "ChangeKind",
    "ChangeRule",
    "Format",
    "Heartbeat",
    "HeartbeatState",
    "InboxEntry",
    "Integration",
    "SeverityRule",
]
