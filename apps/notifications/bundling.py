"""Storms: what one method of a person bears; what comes beyond it waits, and goes out together in one message.

Whoever begins a delivery holds the person's row, so that two that begin at once see one another. Lock order: the
incidents, the person, deliveries (``outcomes.locked``).
"""

from __future__ import annotations

from django.db.models import QuerySet

from apps.core import clock as house_clock
from apps.notifications import queries, rules
from apps.notifications.actions import cancel, plan_delivery
from apps.notifications.models import Channel, Delivery, DeliveryState, NotificationKind, Urgency


def has_its_turn(delivery: Delivery) -> bool:
    """Whether the delivery, locked with its person, may go out now; else it is planned anew for when it may.

    One that goes out takes with it all that waited for the same method. A second attempt has its turn already; updates
    and tests go by themselves and do not count.
    """
    notification = delivery.notification
    limits = rules.LIMITS[Urgency(notification.urgency)].get(Channel(delivery.channel), ())
    is_counted = notification.kind != NotificationKind.UPDATE and not notification.step.startswith(queries.TEST)
    if delivery.attempts or not limits or not is_counted or delivery.method_id is None:
        return True
    now = house_clock.now()
    sent = queries.instants_begun(delivery.method_id, notification.urgency, since=now - rules.LONGEST_MEMORY)
    slot = rules.next_slot(sent, limits, now=now)
    if slot > now:
        delivery.due_at, delivery.held_back = slot, True
        delivery.save(update_fields=["due_at", "held_back"])
        plan_delivery(delivery)
        return False
    _held_back(delivery).update(bundled_into=delivery)
    return True


def wanted_group(delivery: Delivery) -> list[Delivery]:
    """The locked delivery with what is bundled into it and still wanted; what is not is taken back."""
    wanted = [delivery]
    for each in group_of(delivery)[1:]:
        if each.notification.is_wanted:
            wanted.append(each)
        else:
            cancel(each)
    return wanted


def group_of(delivery: Delivery) -> list[Delivery]:
    """The delivery, and what is bundled into it and shares its fate."""
    bundled = delivery.bundled.exclude(state=DeliveryState.CANCELLED).order_by("pk")
    related = ("notification__person", "notification__incident__severity", "notification__incident__team", "method")
    return [delivery, *bundled.select_related(*related)]


def _held_back(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        method=delivery.method_id,
        state=DeliveryState.PLANNED,
        held_back=True,
        bundled_into=None,
        attempts=0,
        notification__urgency=delivery.notification.urgency,
        notification__stopped_at=None,
    ).exclude(pk=delivery.pk)
