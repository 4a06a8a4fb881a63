"""Plans by which ways a notification goes out and when: its steps, and what stands in when one of them fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.notifications import queries
from apps.notifications.models import Channel, Delivery, DeliveryState, Notification, NotificationKind, Urgency
from apps.notifications.rules import CHANNEL_OF, RINGS

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


def plan_steps(notifications: Sequence[Notification]) -> list[Delivery]:
    """Plan a delivery for each of the receivers' steps; their quiet hours hold back what can wait.

    The notifications are of one kind and urgency, and were made at the same instant.
    """
    if not notifications:
        return []
    first, people = notifications[0], [notification.person for notification in notifications]
    urgency = Urgency(first.urgency)
    quiet_until = queries.ends_of_quiet_hours(people, first.created_at) if _waits_for_the_morning(first) else {}
    steps = queries.steps_of_all(people, urgency)
    return _save(
        _delivery(
            notification, step.method, position=position,
            due_at=quiet_until.get(notification.person_id, notification.created_at) + step.after,
        )
        for notification in notifications
        for position, step in enumerate(steps[notification.person_id])
    )  # fmt: skip


def plan_next(failed: Delivery) -> Delivery | None:
    """Let the receiver be reached another way, now: by the next step, else by a usable method that was not tried yet.

    What is of low urgency rings no phone for that and disturbs no quiet hours: its steps keep their time, and a method
    that rings stands in for nothing. None when there is none left, or the next step comes of itself. The
    notification's rows are locked by the caller.
    """
    notification, now = failed.notification, house_clock.now()
    urgent = notification.urgency == Urgency.HIGH
    ahead = notification.deliveries.filter(state=DeliveryState.PLANNED, attempts=0, due_at__gt=now)
    step = ahead.order_by("due_at", "pk").first()
    if step is not None and not urgent:
        return None
    if step is not None:
        step.due_at = now
        step.save(update_fields=["due_at"])
        plan_delivery(step)
        return step
    kept = notification.deliveries.exclude(state=DeliveryState.CANCELLED)
    tried = set(kept.values_list("channel", "address"))
    for method in queries.usable_methods(notification.person):
        may_stand_in = urgent or method.kind not in RINGS
        if may_stand_in and (CHANNEL_OF[MethodKind(method.kind)], method.value) not in tried:
            last = notification.deliveries.order_by("position").values_list("position", flat=True).last() or 0
            due_at, root = _end_of_quiet(notification, now), failed.instead_of or failed
            return _save([_delivery(notification, method, position=last + 1, due_at=due_at, instead_of=root)])[0]
    return None


def plan_to(notification: Notification, method: ContactMethod, *, position: int) -> Delivery:
    """Plan a delivery to that method now, whatever the receiver's steps say."""
    return _save([_delivery(notification, method, position=position, due_at=house_clock.now())])[0]


def plan_delivery(delivery: Delivery) -> None:
    """Let the engine make the next attempt of the delivery when it is due; now means now by the database's clock."""
    plan_deliveries([delivery])


def plan_deliveries(deliveries: Iterable[Delivery]) -> None:
    """Let the engine make the next attempt of each when it is due, in one query."""
    now = house_clock.now()
    engine.schedule_all(
        [
            engine.Planned(
                kind=DELIVER[Urgency(delivery.notification.urgency), Channel(delivery.channel)],
                due_at=delivery.due_at if delivery.due_at > now else None,
                key=key_of(delivery),
                subject=_subject_of(delivery.notification),
                payload={"delivery": delivery.pk},
            )
            for delivery in deliveries
        ]
    )


def key_of(delivery: Delivery) -> str:
    """The key of the timer that delivers it."""
    return f"{DELIVERY_KEY}:{delivery.pk}"


def _waits_for_the_morning(notification: Notification) -> bool:
    """Whether its receiver's quiet hours hold it back."""
    return notification.urgency == Urgency.LOW and notification.kind != NotificationKind.UPDATE


def _end_of_quiet(notification: Notification, at: datetime) -> datetime:
    """The first instant from ``at`` on at which its receiver may be told."""
    if not _waits_for_the_morning(notification):
        return at
    return queries.ends_of_quiet_hours([notification.person], at).get(notification.person_id, at)


def _delivery(
    notification: Notification,
    method: ContactMethod,
    *,
    position: int,
    due_at: datetime,
    instead_of: Delivery | None = None,
) -> Delivery:
    return Delivery(
        notification=notification,
        method=method,
        channel=CHANNEL_OF[MethodKind(method.kind)],
        address=method.value,
        position=position,
        instead_of=instead_of,
        planned_at=house_clock.now(),
        due_at=due_at,
    )


def _save(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Save new deliveries and plan them; two queries."""
    saved = Delivery.objects.bulk_create(deliveries)
    plan_deliveries(saved)
    return saved


def _subject_of(notification: Notification) -> str:
    return f"incident:{notification.incident_id}:delivery" if notification.incident_id else ":delivery"
