"""Takes back what still rings for something that was answered meanwhile: nobody is woken for what is over."""

from __future__ import annotations

import structlog

from apps.core.errors import ProviderError
from apps.notifications import bundling, transports
from apps.notifications.models import Channel, Delivery, DeliveryState
from apps.notifications.transports import Recalling

log = structlog.get_logger(__name__)


def attempt(delivery_id: int) -> None:
    """Take the message back, unless something that it tells of is still wanted or it arrived meanwhile.

    Once only, and without an error: it rings for half a minute, and its receipt says what became of it.
    """
    delivery = Delivery.objects.select_related("notification", "method").get(pk=delivery_id)
    if delivery.state != DeliveryState.SENT or not delivery.provider_id:
        return
    if any(each.notification.is_wanted for each in bundling.group_of(delivery)):
        return
    try:
        transport = transports.of(Channel(delivery.channel))
        if isinstance(transport, Recalling):
            with transports.through(transport):
                transport.recall(delivery.provider_id)
    except ProviderError as error:
        log.warning("not_taken_back", delivery=delivery_id, error=str(error))
