"""A storm on one phone, and what came of it."""

from __future__ import annotations

from apps.notifications import actions
from apps.notifications.models import Channel, Delivery, NotificationKind, Until
from tests.factories.incidents import declare

NUMBER = "+4930901820"


def storm(team, person, number, *, kind=NotificationKind.PAGE):
    """So many incidents at once, each of which pages the person."""
    found = []
    for _ in range(number):
        incident = declare(team, severity="P3")
        actions.notify(
            person,
            incident=incident,
            kind=kind,
            step="level:1",
            level=1,
            subject=f"{incident} is down",
            text="It is down.",
            until=Until.ACKNOWLEDGED if kind == NotificationKind.PAGE else Until.SENT,
        )
        found.append(incident)
    return found


def pages(recorder):
    return [message for message in recorder.sent if message.is_page]


def states(incidents_):
    deliveries = Delivery.objects.filter(
        notification__incident__in=incidents_, notification__kind=NotificationKind.PAGE, channel=Channel.SMS
    )
    return [each.state for each in deliveries.order_by("pk")]
