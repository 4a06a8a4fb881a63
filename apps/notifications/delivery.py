"""One attempt to deliver: claimed in one transaction, sent in none, its outcome recorded in another (law 5).

An attempt that ended without telling its outcome (a crash between sending and recording, a connection that broke
after the message was handed over) is *outcome unknown*. A page is then sent once more under the same Message-ID, so
that nobody sleeps through it, and is marked; what is less urgent is left as it is.
"""

from __future__ import annotations

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import ProviderError
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind
from apps.notifications import actions
from apps.notifications.channels import email
from apps.notifications.models import Delivery, DeliveryState


def attempt(delivery_id: int) -> None:
    """Try to deliver, unless it is already sent, cancelled, stopped or given up.

    Raises ProviderError when another attempt is of use; a permanent failure is recorded and handed to the next
    contact method instead.
    """
    delivery = _begin(delivery_id)
    if delivery is None:
        return
    try:
        with email.connected(delivery) as hand_over:
            if not _about_to_send(delivery_id):
                return
            hand_over()
    except email.OutcomeUnknown as error:
        if _outcome_is_unknown(delivery_id, str(error)):
            raise
    except ProviderError as error:
        if _failed(delivery_id, error):
            raise
    else:
        _sent(delivery_id)


@transaction.atomic
def give_up(delivery_id: int, reason: str) -> None:
    """No further attempt will be made: hand over to the next method, or say on the timeline that nobody was reached."""
    delivery = _locked(delivery_id)
    if delivery.state == DeliveryState.PLANNED:
        _end(delivery, reason)


@transaction.atomic
def _begin(delivery_id: int) -> Delivery | None:
    """Count the attempt; None if nothing is to be sent. An interrupted attempt is seen by the state it left behind."""
    delivery = _locked(delivery_id)
    if delivery.state == DeliveryState.SENDING and not _may_be_sent_again(
        delivery, "The attempt was interrupted before its outcome was recorded."
    ):
        return None
    if not _is_to_be_sent(delivery):
        return None
    delivery.attempts += 1
    delivery.save(update_fields=["attempts"])
    return delivery


@transaction.atomic
def _about_to_send(delivery_id: int) -> bool:
    """The message is handed over next: from here on a crash leaves the outcome unknown. False if it was stopped."""
    delivery = _locked(delivery_id)
    if not _is_to_be_sent(delivery):
        return False
    delivery.state = DeliveryState.SENDING
    delivery.save(update_fields=["state"])
    return True


def _is_to_be_sent(delivery: Delivery) -> bool:
    if not delivery.notification.is_wanted:
        actions.cancel(delivery)
        return False
    return delivery.state in (DeliveryState.PLANNED, DeliveryState.UNKNOWN)


@transaction.atomic
def _sent(delivery_id: int) -> None:
    """Record it; whatever was planned in its stead is no longer needed."""
    delivery = _locked(delivery_id)
    if delivery.state != DeliveryState.SENDING:
        return
    delivery.state, delivery.sent_at, delivery.last_error = DeliveryState.SENT, house_clock.now(), ""
    delivery.save(update_fields=["state", "sent_at", "last_error"])
    for other in delivery.notification.deliveries.filter(state=DeliveryState.PLANNED):
        actions.cancel(other)


@transaction.atomic
def _failed(delivery_id: int, error: ProviderError) -> bool:
    """Record it; True if another attempt is of use.

    The next method is tried at once where no server answered at all, else after a second failure: a server that only
    asks for patience gets it once.
    """
    delivery = _locked(delivery_id)
    before = DeliveryState.UNKNOWN if delivery.unknown_at is not None else DeliveryState.PLANNED
    if not delivery.notification.is_wanted:
        stopped = DeliveryState.UNKNOWN if delivery.unknown_at is not None else DeliveryState.CANCELLED
        _settle(delivery, stopped, str(error))
        return False
    if error.permanent:
        _end(delivery, str(error))
        return False
    _settle(delivery, before, str(error))
    waited_enough = isinstance(error, email.Unreachable) or delivery.attempts > 1
    if waited_enough and not delivery.notification.deliveries.filter(position__gt=delivery.position).exists():
        actions.plan_next(delivery.notification)
    return True


@transaction.atomic
def _outcome_is_unknown(delivery_id: int, reason: str) -> bool:
    """Record it; True if the message is to be sent once more."""
    return _may_be_sent_again(_locked(delivery_id), reason)


def _may_be_sent_again(delivery: Delivery, reason: str) -> bool:
    """Mark the locked delivery *outcome unknown*; True the first time if it is a page that is wanted, else it ends."""
    page = delivery.notification.is_page and delivery.notification.is_wanted
    again = page and delivery.unknown_at is None
    delivery.unknown_at = delivery.unknown_at or house_clock.now()
    delivery.save(update_fields=["unknown_at"])
    _settle(delivery, DeliveryState.UNKNOWN, reason)
    if page and not again:
        actions.plan_next(delivery.notification)
    return again


def _end(delivery: Delivery, reason: str) -> None:
    """Give the locked delivery up, and take the next method while it is wanted."""
    _settle(delivery, DeliveryState.FAILED, reason)
    notification = delivery.notification
    if not notification.is_wanted:
        return
    others = notification.deliveries.exclude(pk=delivery.pk).exclude(address="")
    lost = actions.plan_next(notification) is None and not others.exclude(state=DeliveryState.FAILED).exists()
    if lost and notification.incident is not None:
        timeline.record(
            notification.incident,
            EventKind.NOTIFICATION_FAILED,
            text=f"{notification.person} could not be reached: {reason}",
            data={"notification": notification.pk, "person": notification.person_id, "level": notification.level},
        )


def _settle(delivery: Delivery, state: DeliveryState, reason: str) -> None:
    delivery.state, delivery.last_error = state, reason
    delivery.save(update_fields=["state", "last_error"])


def _locked(delivery_id: int) -> Delivery:
    """The delivery with its row locked, its incident's before it: the order in which everybody locks."""
    incident_id = Delivery.objects.values_list("notification__incident", flat=True).get(pk=delivery_id)
    if incident_id is not None:
        locked(incident_id)
    Delivery.objects.select_for_update(no_key=True).values_list("pk").get(pk=delivery_id)
    related = ("notification__person", "notification__incident__severity", "notification__incident__team")
    return Delivery.objects.select_related(*related).get(pk=delivery_id)
