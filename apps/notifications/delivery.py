"""One attempt to deliver: a connection is opened, the delivery is begun in one transaction, sent in none, and its
outcome recorded in another (law 5).

An attempt that ended without telling its outcome (a crash between sending and recording, a connection that broke
after the message was handed over) is *outcome unknown*. A page is then sent again under the same key, so that
nobody sleeps through it, and is marked; what is less urgent is left as it is. What is bundled into a delivery
(``bundling``) shares its message.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, transaction

from apps.core import clock as house_clock
from apps.core.errors import ProviderError
from apps.core.insisting import insist
from apps.engine.breakers import CircuitOpen
from apps.notifications import bundling, composing, families, outcomes, transports
from apps.notifications.actions import RECALLED, cancel, plan_recalls
from apps.notifications.bundling import Turn
from apps.notifications.models import Channel, Delivery, DeliveryState
from apps.notifications.outcomes import locked
from apps.notifications.transports import Message, OutcomeUnknown, Sent, Unreachable

log = structlog.get_logger(__name__)
Outcome = TypeVar("Outcome")

#: For so long it is tried to write what became of a message: together with the call before it, and what the engine
#: then takes for its timer, less than the lease.
RECORDED_WITHIN = timedelta(seconds=40)
#: States of a delivery of which nobody knows yet that it arrived or will not.
UNFINISHED = (DeliveryState.PLANNED, DeliveryState.SENDING, DeliveryState.UNKNOWN)


class _Begun(NamedTuple):
    """An attempt that may have been handed over: only it may record its outcome, however late, and once."""

    message: Message
    attempt: int
    at: datetime

    def is_still(self, delivery: Delivery) -> bool:
        """Whether nothing was recorded of it yet, and nobody else took the delivery over."""
        return delivery.state == DeliveryState.SENDING and delivery.attempts == self.attempt


class _Needless(Exception):
    """It was stopped before it was handed over, or waits; of the provider that says nothing."""


def attempt(delivery_id: int) -> None:
    """Try to deliver, unless it is already sent, cancelled, stopped, given up or has to wait for its turn.

    Raises ProviderError when another attempt is of use; a permanent failure is recorded and handed to the next
    contact method instead.
    """
    channel = _channel_of(delivery_id)
    if channel is None:
        return
    begun: _Begun | None = None
    try:
        transport = transports.of(channel)
        with transports.through(transport), transport.connected() as hand_over:
            begun = _about_to_send(delivery_id)
            if begun is None:
                raise _Needless
            sent = hand_over(begun.message)
    except _Needless:
        return
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # whatever it is, it must not keep the person from being reached another way
        if not isinstance(error, ProviderError):
            log.exception("delivery_failed", delivery=delivery_id)
        if _recorded(partial(_not_sent, delivery_id, error, begun)):
            raise
    else:
        _recorded(partial(_sent, delivery_id, sent, begun))


@transaction.atomic
def give_up(delivery_id: int, reason: str) -> None:
    """No further attempt will be made: hand over to the next method, or say on the timeline that nobody was reached."""
    group = locked(delivery_id)
    if group[0].state in UNFINISHED:
        outcomes.end(group, reason)


def _channel_of(delivery_id: int) -> Channel | None:
    """By which way it goes; None if nothing is to be sent any more. An interrupted attempt is seen by its state.

    Raises Delivery.DoesNotExist.
    """
    channel, state, lead = Delivery.objects.values_list("channel", "state", "bundled_into").get(pk=delivery_id)
    if lead is not None or state not in UNFINISHED:
        return None
    if state == DeliveryState.SENDING and not _was_interrupted(delivery_id):
        return None
    return Channel(channel)


@transaction.atomic
def _was_interrupted(delivery_id: int) -> bool:
    """Record that nobody knows what became of the attempt before; True if there is to be another."""
    group = locked(delivery_id)
    if group[0].state != DeliveryState.SENDING:
        return group[0].state in UNFINISHED
    return outcomes.is_unknown(group, "The attempt was interrupted before its outcome was recorded.")


def _about_to_send(delivery_id: int) -> _Begun | None:
    """What is handed over next: from here on a crash leaves the outcome unknown. None if nothing is, or not yet."""
    turn, begun = _begin(delivery_id)
    if turn is Turn.WITH_OTHERS:  # once more, with everything locked that these tell of
        _, begun = _begin(delivery_id)
    return begun


@transaction.atomic
def _begin(delivery_id: int) -> tuple[Turn, _Begun | None]:
    """Take the turn, count the attempt and write the message, unless there are others to be taken along first."""
    group = locked(delivery_id, with_person=True)
    delivery = group[0]
    if delivery.bundled_into_id is not None or not _is_to_be_sent(delivery):
        return Turn.NEVER, None
    if reason := _cannot_be_sent(delivery):
        outcomes.end(group, reason)
        return Turn.NEVER, None
    wanted = families.free_of(bundling.wanted_of(group))
    if not wanted:
        return Turn.NEVER, None
    turn = bundling.take_turn(delivery)
    if turn is not Turn.ALONE:
        return turn, None
    delivery.attempts += 1
    if delivery.method is not None:  # an address that moved meanwhile, and was verified anew, is the one in use
        delivery.address = delivery.method.value
    message = composing.compose(wanted)
    if delivery in wanted:
        delivery.state = DeliveryState.SENDING
    delivery.save(update_fields=["attempts", "address", "state"])
    if others := [each.pk for each in wanted if each != delivery]:
        Delivery.objects.filter(pk__in=others).update(state=DeliveryState.SENDING)
    return turn, _Begun(message, delivery.attempts, house_clock.now())


def _recorded(record: Callable[[], Outcome]) -> Outcome:
    """What ``record`` returns, which writes what became of a message: what was sent must not be forgotten.

    The database may have gone away and come back while the provider was called.
    """
    return insist(record, within=RECORDED_WITHIN, what="what became of a message")


def _is_to_be_sent(delivery: Delivery) -> bool:
    if not delivery.notification.is_wanted:
        cancel(delivery)
        return False
    return delivery.state in (DeliveryState.PLANNED, DeliveryState.UNKNOWN)


def _cannot_be_sent(delivery: Delivery) -> str:
    """What became of its receiver or their method since it was planned that forbids to send it; empty: nothing."""
    method = delivery.method
    if method is None or not method.is_usable:
        return "The contact method is no longer used."
    if not delivery.notification.person.is_active:
        return "Their account was deactivated."
    return ""


@transaction.atomic
def _sent(delivery_id: int, sent: Sent, begun: _Begun) -> None:
    group = locked(delivery_id)
    if begun.is_still(group[0]):
        outcomes.arrived(group, sent.state, provider_id=sent.provider_id)
        if group[0].channel in RECALLED and not any(each.notification.is_wanted for each in group):
            plan_recalls(group[:1])


def _not_sent(delivery_id: int, error: Exception, begun: _Begun | None) -> bool:
    """Record what the attempt met; True if another one is of use. What a fault of ours left behind nobody knows."""
    told = error if isinstance(error, ProviderError) else ProviderError(repr(error))
    if isinstance(error, OutcomeUnknown) or (begun is not None and told is not error):
        return _outcome_is_unknown(delivery_id, str(told), begun)
    return _failed(delivery_id, told, begun)


@transaction.atomic
def _failed(delivery_id: int, error: ProviderError, begun: _Begun | None) -> bool:
    """Record it; True if another attempt is of use.

    The next method is tried at once where no server answered, or the provider is left alone, else after a second
    failure: a server that only asks for patience gets it once. Without ``begun`` it failed before it had begun.
    """
    group = locked(delivery_id)
    delivery = group[0]
    if delivery.bundled_into_id is not None or delivery.state not in UNFINISHED:
        return False
    if begun is not None and not begun.is_still(delivery):
        return True
    if begun is None:
        if delivery.state == DeliveryState.SENDING:
            return False
        delivery.attempts += 1
        delivery.save(update_fields=["attempts"])
    if error.permanent:
        outcomes.end(group, str(error), error=error)
        return False
    again = outcomes.fail_for_now(group, str(error))
    if again and (isinstance(error, (Unreachable, CircuitOpen)) or delivery.attempts > 1):
        outcomes.try_another_way(group)
    return again


@transaction.atomic
def _outcome_is_unknown(delivery_id: int, reason: str, begun: _Begun | None) -> bool:
    """Record it; True if the message is to be sent again."""
    group = locked(delivery_id)
    delivery = group[0]
    if begun is None or not begun.is_still(delivery):
        marked_by_it = begun is not None and delivery.unknown_at is not None and delivery.unknown_at >= begun.at
        return marked_by_it and delivery.state == DeliveryState.UNKNOWN and delivery.notification.is_page
    return outcomes.is_unknown(group, reason)
