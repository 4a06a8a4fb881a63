"""Tells people: plans what each is told, by which way, and stops what is no longer needed (R12, R14)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from apps.contacts.models import ContactMethod
from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.incidents.models import Incident
from apps.notifications import queries
from apps.notifications.models import (
    Channel,
    Delivery,
    DeliveryState,
    Notification,
    NotificationKind,
    Until,
    Urgency,
)
from apps.teams.models import User

#: The jobs that deliver: a page never waits behind notices, which have a lane of their own.
DELIVER = {Urgency.HIGH: "notifications.deliver", Urgency.LOW: "notifications.deliver_low"}
#: What the keys of both begin with.
DELIVERY_KEY = "notifications.deliver"
HIGH_URGENCY = (NotificationKind.PAGE, NotificationKind.ROLE_PAGE)


@transaction.atomic
def notify(
    person: User,
    *,
    incident: Incident | None,
    kind: NotificationKind,
    step: str,
    subject: str,
    text: str,
    level: int | None = None,
    until: Until = Until.SENT,
    urgency: Urgency | None = None,
) -> Notification:
    """Tell ``person`` once per incident and ``step``; a second call returns the first notification and sends nothing.

    It is in the app at once, and on its way to the person's first usable contact method; the next method is tried
    when one fails. Without any usable method it stays in the app only. Pages are of high urgency, all else is low
    unless ``urgency`` says otherwise.
    """
    notification, created = Notification.objects.get_or_create(
        person=person,
        incident=incident,
        step=step,
        defaults={
            "kind": kind,
            "level": level,
            "urgency": urgency or (Urgency.HIGH if kind in HIGH_URGENCY else Urgency.LOW),
            "until": until,
            "subject": subject[:250],
            "text": text,
            "created_at": house_clock.now(),
        },
    )
    if not created:
        return notification
    now = house_clock.now()
    Delivery.objects.create(
        notification=notification,
        channel=Channel.IN_APP,
        position=0,
        state=DeliveryState.DELIVERED,
        planned_at=now,
        sent_at=now,
    )
    plan_next(notification)
    return notification


def plan_next(notification: Notification) -> Delivery | None:
    """Plan a delivery to the first usable method that was not tried yet; None when there is none left."""
    tried = {delivery.address for delivery in notification.deliveries.all() if delivery.channel != Channel.IN_APP}
    for position, method in enumerate(queries.usable_methods(notification.person)):
        if method.value not in tried:
            return _plan(notification, method, position=position)
    return None


def plan_delivery(delivery: Delivery) -> None:
    """Let the engine make the next attempt of the delivery now."""
    notification = delivery.notification
    subject = f"incident:{notification.incident_id}" if notification.incident_id else ""
    kind = DELIVER[Urgency(notification.urgency)]
    engine.schedule(kind, key=_key(delivery), subject=f"{subject}:delivery", payload={"delivery": delivery.pk})


def acknowledge_pages(incident: Incident, *, by: User) -> int:
    """Mark every page that ``by`` received for the locked incident acknowledged and stop its attempts; how many."""
    pages = Notification.objects.filter(
        incident=incident, person=by, kind__in=HIGH_URGENCY, acknowledged_at__isnull=True
    )
    keys = list(pages.values_list("pk", flat=True))
    _stop(pages)
    Notification.objects.filter(pk__in=keys).update(acknowledged_at=house_clock.now())
    _mark_read(Notification.objects.filter(pk__in=keys))
    return len(keys)


def stop_for(incident: Incident, *, until: Until | None = None) -> None:
    """No further attempt is made for the pages of the locked incident: those that wait ``until``, or all."""
    waiting = Notification.objects.filter(incident=incident, kind__in=HIGH_URGENCY)
    _stop(waiting.filter(until=until) if until is not None else waiting)


@transaction.atomic
def mark_read(person: User, *, incident: Incident | None = None) -> None:
    """The person has seen what the app shows: of one incident, or everything."""
    shown = Notification.objects.filter(person=person)
    _mark_read(shown.filter(incident=incident) if incident is not None else shown)


def _mark_read(notifications: QuerySet[Notification]) -> None:
    unread = list(notifications.filter(read_at__isnull=True).values_list("pk", flat=True))
    Delivery.objects.filter(notification__in=unread, channel=Channel.IN_APP, state=DeliveryState.DELIVERED).update(
        state=DeliveryState.READ
    )
    Notification.objects.filter(pk__in=unread).update(read_at=house_clock.now())


def _plan(notification: Notification, method: ContactMethod, *, position: int) -> Delivery:
    delivery = Delivery.objects.create(
        notification=notification,
        method=method,
        channel=Channel.EMAIL,
        address=method.value,
        position=position,
        planned_at=house_clock.now(),
    )
    plan_delivery(delivery)
    return delivery


def cancel(delivery: Delivery) -> None:
    """Take a delivery back that is not under way. One that may have arrived stays *unknown*, and is not repeated."""
    engine.cancel_key(_key(delivery))
    if delivery.state == DeliveryState.PLANNED:
        delivery.state = DeliveryState.CANCELLED
        delivery.save(update_fields=["state"])


def _stop(notifications: QuerySet[Notification]) -> None:
    """What is being sent this moment runs its course; it sees afterwards that it was stopped."""
    wanted = notifications.filter(stopped_at__isnull=True)
    keys = list(wanted.values_list("pk", flat=True))
    wanted.update(stopped_at=house_clock.now())
    under_way = Delivery.objects.filter(notification__in=keys, state__in=(DeliveryState.PLANNED, DeliveryState.UNKNOWN))
    for delivery in under_way:
        cancel(delivery)


def _key(delivery: Delivery) -> str:
    return f"{DELIVERY_KEY}:{delivery.pk}"
