"""Who is told what, by which way, and what became of it."""

from apps.notifications.models.delivery import ARRIVED, Channel, Delivery, DeliveryState
from apps.notifications.models.direct import DirectPage
from apps.notifications.models.notification import (
    PAGES,
    Notification,
    NotificationKind,
    Until,
    Urgency,
)
from apps.notifications.models.preferences import NotificationRule, Preferences

__all__ = [
    "ARRIVED",
    "PAGES",
    "Channel",
    "Delivery",
    "DeliveryState",
    "DirectPage",
    "Notification",
    "NotificationKind",
    "NotificationRule",
    "Preferences",
    "Until",
    "Urgency",
]
