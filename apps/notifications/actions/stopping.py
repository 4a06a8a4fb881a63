"""Takes back what is no longer needed: deliveries stop when somebody answered, or nothing is left to be answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.incidents.models import Incident
from apps.notifications.actions.planning import key_of, plan_deliveries
from apps.notifications.models import PAGES, Channel, Delivery, DeliveryState, Notification, NotificationKind, Until
from apps.teams.models import User

#: The kind of the timer that takes a message back.
RECALL = "notifications.recall"
#: What can be taken back while it has not reached anybody: it rings.
RECALLED = (Channel.VOICE,)
#: A call that was made longer ago than this rings no more.
RINGS_AT_MOST = timedelta(minutes=2)


def stop_for(incident: Incident, *, until: Until | None = None) -> None:
    """No further attempt is made for what waits for an answer to the locked incident: ``until`` that one, or all.

    Beside the pages these are the notices that tell of one to somebody who need not answer it.
    """
    waiting = Notification.objects.filter(~Q(until=Until.SENT) | Q(kind__in=PAGES), incident=incident)
    stop(waiting.filter(until=until) if until is not None else waiting)


def withdraw_chain(incident: Incident) -> None:
    """No further attempt is made for the pages of the chain, and they ask for no answer any more.

    Who was asked for a role or to respond still is.
    """
    pages = Notification.objects.filter(incident=incident, kind=NotificationKind.PAGE)
    stop(pages)
    unanswered = pages.filter(acknowledged_at__isnull=True, declined_at__isnull=True, withdrawn_at__isnull=True)
    unanswered.update(withdrawn_at=house_clock.now())


def acknowledge_pages(incident: Incident, *, by: User) -> int:
    """Mark every page that ``by`` received for the locked incident acknowledged and stop its attempts; how many."""
    pages = Notification.objects.filter(incident=incident, person=by, kind__in=PAGES, acknowledged_at__isnull=True)
    return _answered(pages, "acknowledged_at")


def decline_pages(incident: Incident, *, by: User) -> int:
    """Mark every unanswered page that ``by`` received for the locked incident declined and stop its attempts."""
    pages = Notification.objects.filter(
        incident=incident, person=by, kind__in=PAGES,
        acknowledged_at__isnull=True, declined_at__isnull=True, withdrawn_at__isnull=True,
    )  # fmt: skip
    return _answered(pages, "declined_at")


def answer_one(page: Notification, *, declined: bool = False) -> bool:
    """Mark one page answered, stop its attempts, and return whether it was not before."""
    field = "declined_at" if declined else "acknowledged_at"
    return bool(_answered(Notification.objects.filter(pk=page.pk, **{f"{field}__isnull": True}), field))


@transaction.atomic(savepoint=False)
def stop(notifications: QuerySet[Notification]) -> None:
    """No further attempt is made for these, and what rings is ended.

    What is being sent this moment runs its course and sees it afterwards.
    """
    wanted = notifications.filter(stopped_at__isnull=True)
    keys = list(wanted.values_list("pk", flat=True))
    if not keys:
        return
    now = house_clock.now()
    Notification.objects.filter(pk__in=keys).update(stopped_at=now)
    under_way = Delivery.objects.filter(
        Q(state__in=(DeliveryState.PLANNED, DeliveryState.UNKNOWN))
        | Q(state=DeliveryState.SENT, channel__in=RECALLED, sent_at__gt=now - RINGS_AT_MOST),
        notification__in=keys,
    )
    found = list(under_way)
    plan_recalls(delivery for delivery in found if delivery.state == DeliveryState.SENT)
    _cancel([delivery for delivery in found if delivery.state != DeliveryState.SENT])


def plan_recalls(ringing: Iterable[Delivery]) -> None:
    """Let messages that still ring be taken back, now, if nothing that they tell of is wanted any more by then."""
    leads = {delivery.bundled_into_id or delivery.pk for delivery in ringing}
    engine.schedule_all(
        [engine.Planned(kind=RECALL, key=f"{RECALL}:{lead}", payload={"delivery": lead}) for lead in sorted(leads)]
    )


@transaction.atomic(savepoint=False)
def cancel(delivery: Delivery) -> None:
    """Take a delivery back that is not under way. One that may have arrived stays *unknown*, and is not repeated.

    What was bundled into it goes out without it.
    """
    _cancel([delivery])


def release(bundled: Iterable[Delivery]) -> None:
    """Let deliveries that were bundled into another one go out by themselves, now."""
    released, now = list(bundled), house_clock.now()
    for delivery in released:
        delivery.bundled_into, delivery.due_at = None, now
    if released:
        Delivery.objects.bulk_update(released, ["bundled_into", "due_at"])
        plan_deliveries(released)


def _cancel(deliveries: Sequence[Delivery]) -> None:
    """``cancel`` for many, in as many queries as for one.

    Locks deliveries, by ascending key, before their timers, as whoever begins one does; what is released belongs to
    incidents that are not locked here, and what somebody else has locked of it is being taken back with its own.
    """
    if not deliveries:
        return
    keys = sorted(delivery.pk for delivery in deliveries)
    list(Delivery.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))
    if Delivery.objects.filter(pk__in=keys, state=DeliveryState.PLANNED).update(state=DeliveryState.CANCELLED):
        for delivery in deliveries:
            if delivery.state == DeliveryState.PLANNED:
                delivery.state = DeliveryState.CANCELLED
    engine.cancel_keys([key_of(delivery) for delivery in deliveries])
    waiting = Delivery.objects.filter(
        bundled_into__in=keys,
        bundled_into__state__in=(DeliveryState.CANCELLED, DeliveryState.UNKNOWN),
        state__in=(DeliveryState.PLANNED, DeliveryState.UNKNOWN),
    )
    free = waiting.select_related("notification").select_for_update(of=("self",), no_key=True, skip_locked=True)
    release(each for each in free.order_by("pk") if each.notification.is_wanted)


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
