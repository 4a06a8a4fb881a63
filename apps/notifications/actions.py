"""Tells people: plans what each is told, by which way, and stops what is no longer needed (R12, R14)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from apps.contacts.models import ContactMethod
from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.incidents import actions as incidents
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, Via
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
) -> Notification:
    """Tell ``person`` once per incident and ``step``; a second call returns the first notification and sends nothing.

    It is in the app at once, and on its way to the person's first usable contact method; the next method is tried
    when one fails. Without any usable method it stays in the app only.
    """
    notification, created = Notification.objects.get_or_create(
        person=person,
        incident=incident,
        step=step,
        defaults={
            "kind": kind,
            "level": level,
            "urgency": Urgency.HIGH if kind in HIGH_URGENCY else Urgency.LOW,
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


@transaction.atomic
def acknowledge(incident_id: int, *, by: User, via: Via = Via.WEB) -> Incident:
    """Acknowledge the incident and with it every page ``by`` received for it, whose further attempts stop.

    On an incident that others acknowledged before, only the own pages are: the timeline says so.
    Raises as ``incidents.actions.acknowledge``.
    """
    before = locked(incident_id).acknowledged_at
    incident = incidents.acknowledge(incident_id, by=by, via=via)
    if acknowledge_pages(incident, by=by) and before is not None:
        timeline.record(incident, EventKind.PAGE_ACKNOWLEDGED, text=f"{by} acknowledged their page.", actor=by, via=via)
    return incident


def acknowledge_pages(incident: Incident, *, by: User) -> int:
    """Mark every page that ``by`` received for the incident acknowledged and stop its attempts; how many there were."""
    pages = list(
        Notification.objects.filter(
            incident=incident, person=by, kind__in=HIGH_URGENCY, acknowledged_at__isnull=True
        ).values_list("pk", flat=True)
    )
    now = house_clock.now()
    Notification.objects.filter(pk__in=pages).update(acknowledged_at=now)
    Notification.objects.filter(pk__in=pages, read_at__isnull=True).update(read_at=now)
    _cancel(Delivery.objects.filter(notification__in=pages))
    return len(pages)


def stop_for(incident: Incident, *, until: Until | None = None) -> int:
    """Cancel what was not sent yet of the incident's pages: those that wait ``until``, or all; how many there were."""
    waiting = Delivery.objects.filter(notification__incident=incident, notification__kind__in=HIGH_URGENCY)
    if until is not None:
        waiting = waiting.filter(notification__until=until)
    return _cancel(waiting)


def mark_read(person: User, *, incident: Incident | None = None) -> None:
    """The person has seen what the app shows: of one incident, or everything."""
    unread = Notification.objects.filter(person=person, read_at__isnull=True)
    if incident is not None:
        unread = unread.filter(incident=incident)
    Delivery.objects.filter(notification__in=unread, channel=Channel.IN_APP, state=DeliveryState.DELIVERED).update(
        state=DeliveryState.READ
    )
    unread.update(read_at=house_clock.now())


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


def _cancel(deliveries: QuerySet[Delivery]) -> int:
    """Cancel what is planned, and the second sending of what may have arrived; what is being sent runs its course."""
    cancelled = 0
    for delivery in deliveries.filter(state__in=(DeliveryState.PLANNED, DeliveryState.UNKNOWN)):
        engine.cancel_key(_key(delivery))
        cancelled += Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.PLANNED).update(
            state=DeliveryState.CANCELLED
        )
    return cancelled


def _key(delivery: Delivery) -> str:
    return f"{DELIVERY_KEY}:{delivery.pk}"
