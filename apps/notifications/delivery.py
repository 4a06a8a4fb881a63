"""One attempt to deliver: begun in one transaction, sent in none, its outcome recorded in another (law 5).

An attempt that ended without telling its outcome (a crash between sending and recording, a connection that broke
after the message was handed over) is *outcome unknown*. A page is then sent once more under the same key, so that
nobody sleeps through it, and is marked; what is less urgent is left as it is. What is bundled into a delivery
(``bundling``) shares its message.
"""

from __future__ import annotations

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import ProviderError
from apps.engine.breakers import CircuitOpen
from apps.notifications import bundling, composing, families, outcomes, transports
from apps.notifications.actions import cancel
from apps.notifications.models import Channel, Delivery, DeliveryState
from apps.notifications.outcomes import locked
from apps.notifications.transports import Message, OutcomeUnknown, Sent, Unreachable

#: States of a delivery of which nobody knows yet that it arrived or will not.
UNFINISHED = (DeliveryState.PLANNED, DeliveryState.SENDING, DeliveryState.UNKNOWN)


class _Needless(Exception):
    """It was stopped before it was handed over, or waits; of the provider that says nothing."""


def attempt(delivery_id: int) -> None:
    """Try to deliver, unless it is already sent, cancelled, stopped, given up or has to wait for its turn.

    Raises ProviderError when another attempt is of use; a permanent failure is recorded and handed to the next
    contact method instead.
    """
    channel = _begin(delivery_id)
    if channel is None:
        return
    try:
        transport = transports.of(channel)
        with transports.through(transport), transport.connected() as hand_over:
            message = _about_to_send(delivery_id)
            if message is None:
                raise _Needless
            sent = hand_over(message)
    except _Needless:
        return
    except OutcomeUnknown as error:
        if _outcome_is_unknown(delivery_id, str(error)):
            raise
    except ProviderError as error:
        if _failed(delivery_id, error):
            raise
    else:
        _sent(delivery_id, sent)


@transaction.atomic
def give_up(delivery_id: int, reason: str) -> None:
    """No further attempt will be made: hand over to the next method, or say on the timeline that nobody was reached."""
    delivery = locked(delivery_id)
    if delivery.state in UNFINISHED:
        outcomes.end(delivery, reason)


@transaction.atomic
def _begin(delivery_id: int) -> Channel | None:
    """Count the attempt; None if nothing is to be sent. An interrupted attempt is seen by the state it left behind."""
    delivery = locked(delivery_id, with_person=True)
    if delivery.bundled_into_id is not None:
        return None
    if delivery.state == DeliveryState.SENDING and not outcomes.is_unknown(
        delivery, "The attempt was interrupted before its outcome was recorded."
    ):
        return None
    if not _is_to_be_sent(delivery):
        return None
    if delivery.method is None or not delivery.method.is_usable:
        outcomes.end(delivery, "The contact method is no longer used.")
        return None
    if not bundling.has_its_turn(delivery):
        return None
    delivery.attempts += 1
    delivery.begun_at = delivery.begun_at or house_clock.now()
    delivery.save(update_fields=["attempts", "begun_at"])
    return Channel(delivery.channel)


@transaction.atomic
def _about_to_send(delivery_id: int) -> Message | None:
    """What is handed over next: from here on a crash leaves the outcome unknown. None if it was stopped, or waits."""
    delivery = locked(delivery_id)
    if not _is_to_be_sent(delivery):
        return None
    group = bundling.wanted_group(delivery)
    if families.has_to_wait(group):
        return None
    message = composing.compose(group)
    for each in group:
        each.state = DeliveryState.SENDING
        each.save(update_fields=["state"])
    return message


def _is_to_be_sent(delivery: Delivery) -> bool:
    if not delivery.notification.is_wanted:
        cancel(delivery)
        return False
    return delivery.state in (DeliveryState.PLANNED, DeliveryState.UNKNOWN)


@transaction.atomic
def _sent(delivery_id: int, sent: Sent) -> None:
    delivery = locked(delivery_id)
    if delivery.state == DeliveryState.SENDING:
        outcomes.arrived(delivery, sent.state, provider_id=sent.provider_id)


@transaction.atomic
def _failed(delivery_id: int, error: ProviderError) -> bool:
    """Record it; True if another attempt is of use.

    The next method is tried at once where no server answered, or the provider is left alone, else after a second
    failure: a server that only asks for patience gets it once.
    """
    delivery = locked(delivery_id)
    if error.permanent:
        outcomes.end(delivery, str(error), error=error)
        return False
    again = outcomes.fail_for_now(delivery, str(error))
    if again and (isinstance(error, (Unreachable, CircuitOpen)) or delivery.attempts > 1):
        outcomes.try_another_way(delivery)
    return again


@transaction.atomic
def _outcome_is_unknown(delivery_id: int, reason: str) -> bool:
    """Record it; True if the message is to be sent once more."""
    return outcomes.is_unknown(locked(delivery_id), reason)
