"""What becomes of a locked delivery, and with it of what is bundled into it: arrived, failed, given up, unknown."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from apps.contacts import actions as contacts
from apps.core import clock as house_clock
from apps.incidents import timeline
from apps.incidents.actions.locking import locked as locked_incident
from apps.incidents.models import EventKind
from apps.notifications.actions import cancel, plan_next
from apps.notifications.bundling import group_of
from apps.notifications.models import ARRIVED, Delivery, DeliveryState
from apps.notifications.transports import AddressRefused, OptedOut


def locked(delivery_id: int) -> Delivery:
    """The delivery with its row locked, its incident's before it: the order in which everybody locks."""
    incident_id = Delivery.objects.values_list("notification__incident", flat=True).get(pk=delivery_id)
    if incident_id is not None:
        locked_incident(incident_id)
    Delivery.objects.select_for_update(no_key=True).values_list("pk").get(pk=delivery_id)
    related = ("notification__person", "notification__incident__severity", "notification__incident__team", "method")
    return Delivery.objects.select_related(*related).get(pk=delivery_id)


def arrived(delivery: Delivery, state: DeliveryState, *, provider_id: str = "") -> None:
    """The provider has it, or says that it arrived; whatever was planned in its stead is no longer needed."""
    now = house_clock.now()
    for each in group_of(delivery):
        each.state, each.last_error = state, ""
        each.sent_at = each.sent_at or now
        each.provider_id = provider_id[:120] or each.provider_id
        each.save(update_fields=["state", "last_error", "sent_at", "provider_id"])
        root = each.instead_of_id or each.pk
        family = each.notification.deliveries.filter(Q(pk=root) | Q(instead_of=root), state=DeliveryState.PLANNED)
        for other in family.exclude(pk=each.pk):
            cancel(other)
    if delivery.method is not None:
        contacts.note_success(delivery.method)


def end(delivery: Delivery, reason: str, *, error: Exception | None = None) -> None:
    """Give the delivery up, and reach its receiver another way while that is wanted."""
    if isinstance(error, AddressRefused) and delivery.method is not None:
        contacts.note_failure(delivery.method, reason=reason, gone=error.gone)
    if isinstance(error, OptedOut):
        contacts.opt_out(delivery.address)
    for each in group_of(delivery):
        _set(each, DeliveryState.FAILED, reason)
        notification = each.notification
        if not notification.is_wanted:
            continue
        others = notification.deliveries.exclude(pk=each.pk).exclude(address="")
        alive = others.exclude(state__in=(DeliveryState.FAILED, DeliveryState.CANCELLED))
        if plan_next(each) is None and not alive.exists() and notification.incident is not None:
            timeline.record(
                notification.incident,
                EventKind.NOTIFICATION_FAILED,
                text=f"{notification.person} could not be reached: {reason}",
                data={"notification": notification.pk, "person": notification.person_id, "level": notification.level},
            )


def may_be_sent_again(delivery: Delivery, reason: str) -> bool:
    """Mark it *outcome unknown*; True the first time if it is a page that is wanted, else it ends."""
    page = delivery.notification.is_page and delivery.notification.is_wanted
    again = page and delivery.unknown_at is None
    group = group_of(delivery)
    for each in group:
        each.unknown_at = each.unknown_at or house_clock.now()
        each.save(update_fields=["unknown_at"])
        _set(each, DeliveryState.UNKNOWN, reason)
    if page and not again:
        for each in group:
            plan_next(each)
    return again


def settle(delivery: Delivery, state: DeliveryState, reason: str) -> None:
    """Leave it in ``state`` with what was said of it."""
    for each in group_of(delivery):
        _set(each, state, reason)


def try_another_way(delivery: Delivery, *, at: datetime) -> None:
    """Let each receiver be reached by their next step or method, unless something else is under way already."""
    for each in group_of(delivery):
        others = each.notification.deliveries.exclude(pk=each.pk).exclude(address="")
        under_way = others.filter(
            Q(state__in=(DeliveryState.SENDING, *ARRIVED)) | Q(state=DeliveryState.PLANNED, due_at__lte=at)
        )
        if not under_way.exists():
            plan_next(each)


def _set(delivery: Delivery, state: DeliveryState, reason: str) -> None:
    delivery.state, delivery.last_error = state, reason
    delivery.save(update_fields=["state", "last_error"])
