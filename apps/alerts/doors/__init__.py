"""Where alerts and changes are posted: the house's own addresses, and those of vendors whose senders are kept."""

from apps.alerts.doors.base import Answer, Door, House, UnknownKey, reply
from apps.alerts.doors.opsgenie import OpsgenieDoor
from apps.alerts.doors.own import OwnDoor
from apps.alerts.doors.pagerduty import PagerDutyDoor

DOORS: tuple[Door, ...] = (OwnDoor(), PagerDutyDoor(), OpsgenieDoor())


def door_of(path: str) -> Door | None:
    """The door whose address ``path`` is, or None where that is not for senders."""
    return next((door for door in DOORS if door.has(path)), None)


__all__ = ["Answer", "Door", "House", "UnknownKey", "door_of", "reply"]
