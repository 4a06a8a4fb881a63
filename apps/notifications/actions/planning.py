"""Plans by which ways a notification goes out and when: its steps, and what stands in when one of them fails."""

from __future__ import annotations

from datetime import datetime

from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.notifications import queries
from apps.notifications.models import Channel, Delivery, DeliveryState, Notification, NotificationKind, Urgency
from apps.notifications.rules import CHANNEL_OF

#: What the keys of the delivering timers begin with.
DELIVERY_KEY = "notifications.deliver"
_LANES = {Urgency.HIGH: DELIVERY_KEY, Urgency.LOW: f"{DELIVERY_KEY}_low"}
#: The kinds of timers that deliver, one a way and urgency: a page never waits behind notices, nor for another provider.
DELIVER: dict[tuple[Urgency, Channel], str] = {
    (urgency, channel): f"{name}:{channel}"
    for urgency, name in _LANES.items()
    for channel in Channel
    if channel != Channel.IN_APP
}


def plan_steps(notification: Notification) -> list[Delivery]:
    """Plan a delivery for each of the receiver's steps; the notification's quiet hours hold back what can wait."""
    person, urgency = notification.person, Urgency(notification.urgency)
    begin = notification.created_at
    if urgency == Urgency.LOW and notification.kind != NotificationKind.UPDATE:
        begin = queries.end_of_quiet_hours(person, begin) or begin
    return [
        _plan(notification, step.method, position=position, due_at=begin + step.after)
        for position, step in enumerate(queries.steps_of(person, urgency))
    ]


def plan_next(failed: Delivery) -> Delivery | None:
    """Let the receiver be reached another way, now: by the next step, else by a usable method that was not tried yet.

    None when there is none left. The notification's rows are locked by the caller.
    """
    notification, now = failed.notification, house_clock.now()
    ahead = notification.deliveries.filter(state=DeliveryState.PLANNED, attempts=0, due_at__gt=now)
    step = ahead.order_by("due_at", "pk").first()
    if step is not None:
        step.due_at = now
        step.save(update_fields=["due_at"])
        plan_delivery(step)
        return step
    kept = notification.deliveries.exclude(state=DeliveryState.CANCELLED)
    tried = set(kept.values_list("channel", "address"))
    for method in queries.usable_methods(notification.person):
        if (CHANNEL_OF[MethodKind(method.kind)], method.value) not in tried:
            last = notification.deliveries.order_by("position").values_list("position", flat=True).last() or 0
            root = failed.instead_of or failed
            return _plan(notification, method, position=last + 1, due_at=now, instead_of=root)
    return None


def plan_to(notification: Notification, method: ContactMethod, *, position: int) -> Delivery:
    """Plan a delivery to that method now, whatever the receiver's steps say."""
    return _plan(notification, method, position=position, due_at=house_clock.now())


def plan_delivery(delivery: Delivery) -> None:
    """Let the engine make the next attempt of the delivery when it is due; now means now by the database's clock."""
    notification = delivery.notification
    subject = f"incident:{notification.incident_id}" if notification.incident_id else ""
    engine.schedule(
        DELIVER[Urgency(notification.urgency), Channel(delivery.channel)],
        due_at=delivery.due_at if delivery.due_at > house_clock.now() else None,
        key=key_of(delivery),
        subject=f"{subject}:delivery",
        payload={"delivery": delivery.pk},
    )


def key_of(delivery: Delivery) -> str:
    """The key of the timer that delivers it."""
    return f"{DELIVERY_KEY}:{delivery.pk}"


def _plan(
    notification: Notification,
    method: ContactMethod,
    *,
    position: int,
    due_at: datetime,
    instead_of: Delivery | None = None,
) -> Delivery:
    delivery = Delivery.objects.create(
        notification=notification,
        method=method,
        channel=CHANNEL_OF[MethodKind(method.kind)],
        address=method.value,
        position=position,
        instead_of=instead_of,
        planned_at=house_clock.now(),
        due_at=due_at,
    )
    plan_delivery(delivery)
    return delivery
