"""What providers tell afterwards of a message they took: that it arrived, was read, or did not get there."""

from __future__ import annotations

import uuid

from django.db import transaction

from apps.core import clock as house_clock
from apps.notifications import bundling, outcomes
from apps.notifications.models import Delivery, DeliveryState
from apps.notifications.transports import AddressRefused

#: What a receipt may still change: an older one that comes late says nothing new.
_BEFORE = {
    DeliveryState.DELIVERED: (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN),
    DeliveryState.READ: (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.UNKNOWN),
    DeliveryState.FAILED: (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN),
}


@transaction.atomic
def record(message_id: uuid.UUID, state: DeliveryState, *, reason: str = "", refused: bool = False) -> bool:
    """Take note of a provider's word on the message: DELIVERED, READ or FAILED with a ``reason``; whether it was news.

    A message that failed is as good as not sent: its receiver is reached another way while that is wanted. ``refused``:
    the address itself will not do, which counts against the contact method. An unknown message changes nothing.
    """
    found = Delivery.objects.filter(message_id=message_id).values_list("pk", flat=True).first()
    if found is None:
        return False
    group = outcomes.locked(found)
    delivery = group[0]
    if delivery.state not in _BEFORE[state]:
        return False
    delivery.receipt_at = house_clock.now()
    delivery.save(update_fields=["receipt_at"])
    if state == DeliveryState.FAILED:
        outcomes.end(group, reason, error=AddressRefused(reason) if refused else None)
        if delivery.state == DeliveryState.CANCELLED:
            bundling.let_next_go(delivery)
    else:
        outcomes.arrived(group, state)
    return True
