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
    """Try to deliver, unless it is already sent, cancelled or given up.

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
        _failed(delivery_id, error)
        if not error.permanent:
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
    if delivery.state not in (DeliveryState.PLANNED, DeliveryState.UNKNOWN):
        return None
    delivery.attempts += 1
    delivery.save(update_fields=["attempts"])
    return delivery


@transaction.atomic
def _about_to_send(delivery_id: int) -> bool:
    """The message is handed over next: from here on a crash leaves the outcome unknown. False if it was cancelled."""
    delivery = _locked(delivery_id)
    if delivery.state not in (DeliveryState.PLANNED, DeliveryState.UNKNOWN):
        return False
    delivery.state = DeliveryState.SENDING
    delivery.save(update_fields=["state"])
    return True


@transaction.atomic
def _sent(delivery_id: int) -> None:
    delivery = _locked(delivery_id)
    if delivery.state != DeliveryState.SENDING:
        return
    delivery.state, delivery.sent_at, delivery.last_error = DeliveryState.SENT, house_clock.now(), ""
    delivery.save(update_fields=["state", "sent_at", "last_error"])


@transaction.atomic
def _failed(delivery_id: int, error: ProviderError) -> None:
    delivery = _locked(delivery_id)
    if error.permanent:
        _end(delivery, str(error))
        return
    sent_before = delivery.unknown_at is not None
    delivery.state = DeliveryState.UNKNOWN if sent_before else DeliveryState.PLANNED
    delivery.last_error = str(error)
    delivery.save(update_fields=["state", "last_error"])
    if delivery.attempts == 1:
        actions.plan_next(delivery.notification)


@transaction.atomic
def _outcome_is_unknown(delivery_id: int, reason: str) -> bool:
    """Record it; True if the message is to be sent once more."""
    return _may_be_sent_again(_locked(delivery_id), reason)


def _may_be_sent_again(delivery: Delivery, reason: str) -> bool:
    """Mark the locked delivery *outcome unknown*; True the first time if it is a page, else it ends here."""
    again = delivery.notification.is_page and delivery.unknown_at is None
    delivery.state, delivery.last_error = DeliveryState.UNKNOWN, reason
    delivery.unknown_at = delivery.unknown_at or house_clock.now()
    delivery.save(update_fields=["state", "last_error", "unknown_at"])
    if delivery.notification.is_page and not again:
        actions.plan_next(delivery.notification)
    return again


def _end(delivery: Delivery, reason: str) -> None:
    delivery.state, delivery.last_error = DeliveryState.FAILED, reason
    delivery.save(update_fields=["state", "last_error"])
    notification = delivery.notification
    others = notification.deliveries.exclude(pk=delivery.pk).exclude(address="")
    lost = actions.plan_next(notification) is None and not others.exclude(state=DeliveryState.FAILED).exists()
    if lost and notification.incident is not None:
        timeline.record(
            notification.incident,
            EventKind.NOTIFICATION_FAILED,
            text=f"{notification.person} could not be reached: {reason}",
            data={"notification": notification.pk, "person": notification.person_id, "level": notification.level},
        )


def _locked(delivery_id: int) -> Delivery:
    """The delivery with its row locked, its incident's before it: the order in which everybody locks."""
    incident_id = Delivery.objects.values_list("notification__incident", flat=True).get(pk=delivery_id)
    if incident_id is not None:
        locked(incident_id)
    return (
        Delivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("notification__person", "notification__incident__severity", "notification__incident__team")
        .get(pk=delivery_id)
    )
