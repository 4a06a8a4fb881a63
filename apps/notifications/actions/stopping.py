"""Takes back what is no longer needed: deliveries stop when somebody answered, or nothing is left to be answered."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.incidents.models import Incident
from apps.notifications.actions.planning import key_of, plan_delivery
from apps.notifications.models import PAGES, Channel, Delivery, DeliveryState, Notification, NotificationKind, Until
from apps.teams.models import User


def stop_for(incident: Incident, *, until: Until | None = None) -> None:
    """No further attempt is made for the pages of the locked incident: those that wait ``until``, or all."""
    waiting = Notification.objects.filter(incident=incident, kind__in=PAGES)
    stop(waiting.filter(until=until) if until is not None else waiting)


def stop_chain(incident: Incident) -> None:
    """No further attempt is made for the pages of the chain; who was asked for a role or to respond still is."""
    stop(Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE))


def acknowledge_pages(incident: Incident, *, by: User) -> int:
    """Mark every page that ``by`` received for the locked incident acknowledged and stop its attempts; how many."""
    pages = Notification.objects.filter(incident=incident, person=by, kind__in=PAGES, acknowledged_at__isnull=True)
    return _answered(pages, "acknowledged_at")


def decline_pages(incident: Incident, *, by: User) -> int:
    """Mark every unanswered page that ``by`` received for the locked incident declined and stop its attempts."""
    pages = Notification.objects.filter(
        incident=incident, person=by, kind__in=PAGES, acknowledged_at__isnull=True, declined_at__isnull=True
    )
    return _answered(pages, "declined_at")


def answer_one(page: Notification, *, declined: bool = False) -> bool:
    """Mark one page answered, stop its attempts, and return whether it was not before."""
    field = "declined_at" if declined else "acknowledged_at"
    return bool(_answered(Notification.objects.filter(pk=page.pk, **{f"{field}__isnull": True}), field))


def stop(notifications: QuerySet[Notification]) -> None:
    """No further attempt is made for these; what is being sent this moment runs its course and sees it afterwards."""
    wanted = notifications.filter(stopped_at__isnull=True)
    keys = list(wanted.values_list("pk", flat=True))
    if not keys:
        return
    Notification.objects.filter(pk__in=keys).update(stopped_at=house_clock.now())
    under_way = Delivery.objects.filter(notification__in=keys, state__in=(DeliveryState.PLANNED, DeliveryState.UNKNOWN))
    for delivery in under_way:
        cancel(delivery)


def cancel(delivery: Delivery) -> None:
    """Take a delivery back that is not under way. One that may have arrived stays *unknown*, and is not repeated.

    What was bundled into it goes out without it.
    """
    engine.cancel_key(key_of(delivery))
    planned = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.PLANNED)
    if planned.update(state=DeliveryState.CANCELLED):
        delivery.state = DeliveryState.CANCELLED
    if delivery.state in (DeliveryState.CANCELLED, DeliveryState.UNKNOWN):
        waiting = delivery.bundled.filter(state__in=(DeliveryState.PLANNED, DeliveryState.UNKNOWN))
        release(each for each in waiting.select_related("notification") if each.notification.is_wanted)


def release(bundled: Iterable[Delivery]) -> None:
    """Let deliveries that were bundled into another one go out by themselves, now."""
    for delivery in bundled:
        delivery.bundled_into, delivery.due_at = None, house_clock.now()
        delivery.save(update_fields=["bundled_into", "due_at"])
        plan_delivery(delivery)


def mark_read(notifications: QuerySet[Notification]) -> None:
    """The app has shown them to their receiver."""
    unread = list(notifications.filter(read_at__isnull=True).values_list("pk", flat=True))
    Delivery.objects.filter(notification__in=unread, channel=Channel.IN_APP, state=DeliveryState.DELIVERED).update(
        state=DeliveryState.READ
    )
    Notification.objects.filter(pk__in=unread).update(read_at=house_clock.now())


def _answered(pages: QuerySet[Notification], field: str) -> int:
    keys = list(pages.values_list("pk", flat=True))
    if keys:
        stop(Notification.objects.filter(pk__in=keys))
        Notification.objects.filter(pk__in=keys).update(**{field: house_clock.now()})
        mark_read(Notification.objects.filter(pk__in=keys))
    return len(keys)
