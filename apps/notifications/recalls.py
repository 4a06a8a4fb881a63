"""Takes back what still rings for something that was answered meanwhile: nobody is woken for what is over."""

from __future__ import annotations

import structlog

from apps.core import clock as house_clock
from apps.engine import breakers
from apps.notifications import bundling, transports
from apps.notifications.actions import RINGS_AT_MOST
from apps.notifications.models import Channel, Delivery, DeliveryState
from apps.notifications.transports import Recalling

log = structlog.get_logger(__name__)


def attempt(delivery_id: int) -> None:
    """Take the message back, unless something that it tells of is still wanted or it arrived meanwhile.

    Whatever fails is left at that, and says nothing of the provider, which is not asked while its circuit is open: it
    rings for half a minute, and its receipt says what became of it.
    """
    delivery = Delivery.objects.select_related("notification", "method").get(pk=delivery_id)
    if not _rings(delivery) or any(each.notification.is_wanted for each in bundling.group_of(delivery)):
        return
    try:
        transport = transports.of(Channel(delivery.channel))
        if isinstance(transport, Recalling) and breakers.is_closed(transport.provider):
            transport.recall(delivery.provider_id)
    except Exception:  # nobody is to be woken because somebody's phone rings on for some seconds
        log.exception("not_taken_back", delivery=delivery_id)


def _rings(delivery: Delivery) -> bool:
    return (
        delivery.state == DeliveryState.SENT
        and delivery.sent_at is not None
        and house_clock.now() < delivery.sent_at + RINGS_AT_MOST
        and bool(delivery.provider_id)
    )
