"""A delivery that was given up is planned again, by somebody who mended what it failed for."""

from __future__ import annotations

from django.db import transaction

from apps.core.errors import RuleViolation
from apps.notifications import outcomes
from apps.notifications.models import ARRIVED, DeliveryState


@transaction.atomic
def reopen(delivery_id: int) -> None:
    """Let the delivery be made again, with what is bundled into it and still wanted.

    Raises RuleViolation that says why where nothing would be sent: its receiver answered or was reached by it, it was
    cancelled, its method is no longer used, or it goes out within another message.
    """
    group = outcomes.locked(delivery_id)
    delivery = group[0]
    if not delivery.notification.is_wanted:
        raise RuleViolation(f"{delivery}; it is no longer wanted: somebody answered, or it is over.")
    if delivery.bundled_into_id is not None:
        raise RuleViolation(f"{delivery} is part of a summary; run that again.")
    if delivery.state in (*ARRIVED, DeliveryState.CANCELLED):
        raise RuleViolation(f"{delivery}; there is nothing to send.")
    if delivery.method is None or not delivery.method.is_usable:
        raise RuleViolation(f"{delivery.shown} is no contact method in use any more.")
    for each in group:
        if each.state == DeliveryState.FAILED and each.notification.is_wanted:
            each.state = DeliveryState.PLANNED
            each.save(update_fields=["state"])
