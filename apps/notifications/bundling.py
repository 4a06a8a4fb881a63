"""Storms: what one method of a person bears; what comes beyond it waits, and goes out together in one message.

Whoever begins a delivery holds the person's row, so that two that begin at once see one another. Lock order: the
incidents, the person, deliveries (``outcomes.locked``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from django.db.models import QuerySet

from apps.core import clock as house_clock
from apps.notifications import queries, rules
from apps.notifications.actions import cancel, plan_delivery
from apps.notifications.models import Channel, Delivery, DeliveryState, NotificationKind, Urgency


class Turn(Enum):
    """Whether a delivery goes out now."""

    NEVER = "not now, or not at all"
    ALONE = "with what is bundled into it already"
    WITH_OTHERS = "with more, which was bundled into it just now"


def take_turn(delivery: Delivery) -> Turn:
    """Whether the delivery, locked with its person, may go out now; else it is planned anew for when it may.

    One that goes out takes with it all that waited for the same method. One that had its turn keeps it; updates and
    tests go by themselves and do not count.
    """
    if delivery.begun_at is not None:
        return Turn.ALONE
    now = house_clock.now()
    slot = _slot(delivery, now=now)
    if slot is not None and slot > now:
        delivery.due_at, delivery.held_back = slot, True
        delivery.save(update_fields=["due_at", "held_back"])
        plan_delivery(delivery)
        return Turn.NEVER
    delivery.begun_at = now
    delivery.save(update_fields=["begun_at"])
    taken_along = slot is not None and _take_along(delivery)
    return Turn.WITH_OTHERS if taken_along else Turn.ALONE


def let_next_go(taken_back: Delivery) -> None:
    """What waited for the method of a message that was taken back has its turn now, as if that had never been.

    One that somebody else has locked is on its way, or taken back, without that.
    """
    waiting = _held_back(taken_back).select_for_update(of=("self",), no_key=True, skip_locked=True)
    first = waiting.order_by("due_at", "pk").first()
    if first is not None:
        first.due_at = house_clock.now()
        first.save(update_fields=["due_at"])
        plan_delivery(first)


def wanted_of(group: Sequence[Delivery]) -> list[Delivery]:
    """The locked delivery that leads, with what of the others is still wanted; what is not is taken back."""
    wanted = [group[0]]
    for each in group[1:]:
        if each.notification.is_wanted:
            wanted.append(each)
        else:
            cancel(each)
    return wanted


def group_of(delivery: Delivery) -> list[Delivery]:
    """The delivery, and what is bundled into it and shares its fate; to be read, nothing is locked."""
    bundled = delivery.bundled.exclude(state=DeliveryState.CANCELLED).order_by("pk")
    related = ("notification__person", "notification__incident__severity", "notification__incident__team", "method")
    return [delivery, *bundled.select_related(*related)]


def _slot(delivery: Delivery, *, now: datetime) -> datetime | None:
    """When its method bears one more message; None where messages of this kind are not counted."""
    notification = delivery.notification
    limits = rules.LIMITS[Urgency(notification.urgency)].get(Channel(delivery.channel), ())
    is_counted = notification.kind != NotificationKind.UPDATE and not notification.step.startswith(queries.TEST)
    if not limits or not is_counted or delivery.method_id is None:
        return None
    sent = queries.instants_begun(delivery.method_id, notification.urgency, since=now - rules.LONGEST_MEMORY)
    return rules.next_slot(sent, limits, now=now)


def _take_along(delivery: Delivery) -> int:
    """Bundle what waits for the same method, locked in the order in which it would be stopped; return how many."""
    waiting = _held_back(delivery).select_for_update(of=("self",), no_key=True).order_by("pk")
    keys = list(waiting.values_list("pk", flat=True))
    still = Delivery.objects.filter(pk__in=keys, state=DeliveryState.PLANNED, bundled_into=None)
    return still.update(bundled_into=delivery) if keys else 0


def _held_back(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        method=delivery.method_id,
        state=DeliveryState.PLANNED,
        held_back=True,
        bundled_into=None,
        begun_at=None,
        notification__urgency=delivery.notification.urgency,
        notification__stopped_at=None,
    ).exclude(pk=delivery.pk)
