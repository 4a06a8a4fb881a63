"""Finds messages of pages that wait to be sent while nothing would send them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from apps.core import clock as house_clock
from apps.engine import queries as engine
from apps.engine.models import State, Timer
from apps.escalation.gaps import Gap
from apps.incidents.models import OPEN
from apps.notifications import actions as notifications
from apps.notifications.models import PAGES, Delivery, DeliveryState

WAITING = (DeliveryState.PLANNED, DeliveryState.SENDING)
#: A page whose outcome is unknown is sent once more within minutes; what is older than this was settled, or is no use.
REPEATED_WITHIN = timedelta(hours=1)


def gaps() -> Iterator[Gap]:
    """Every delivery that is stuck: of open incidents, and of pages by hand that are still wanted."""
    yield from _no_timer()
    yield from _not_repeated()
    yield from _left_by_its_lead()


def _no_timer() -> Iterator[Gap]:
    waiting = _of_what_is_open().filter(state__in=WAITING, bundled_into=None)
    missing = engine.without_timer(waiting, kind=notifications.DELIVERY_KEY)
    for delivery in missing:
        yield _gap(delivery, missing, "nothing would have sent it", notifications.plan_delivery)


def _not_repeated() -> Iterator[Gap]:
    """A page of unknown outcome that was to be sent once more: neither that, nor what came of it, is on record."""
    since = house_clock.now() - REPEATED_WITHIN
    key = Concat(Value(f"{notifications.DELIVERY_KEY}:"), Cast(OuterRef("pk"), TextField()))
    settled = Timer.objects.filter(
        key=key, state__in=(State.DONE, State.DEAD, State.CANCELLED), finished_at__gte=since
    )  # fmt: skip
    unknown = _of_what_is_open().filter(
        ~Exists(settled.filter(finished_at__gte=OuterRef("unknown_at"))),
        state=DeliveryState.UNKNOWN, bundled_into=None, unknown_at__gte=since,
        notification__kind__in=PAGES, notification__stopped_at=None,
    )  # fmt: skip
    missing = engine.without_timer(unknown, kind=notifications.DELIVERY_KEY)
    for delivery in missing:
        yield _gap(delivery, missing, "nothing would have sent it once more", notifications.plan_delivery)


def _left_by_its_lead() -> Iterator[Gap]:
    """What is bundled into another goes with it: that other one is over, or nothing would send it."""
    idle = engine.without_timer(Delivery.objects.all(), kind=notifications.DELIVERY_KEY)
    missing = _of_what_is_open().filter(
        Exists(idle.filter(pk=OuterRef("bundled_into"))), state__in=WAITING, notification__stopped_at=None
    )
    for delivery in missing:
        yield _gap(delivery, missing, "what it was to go with would not have sent it", _send_by_itself)


def _send_by_itself(delivery: Delivery) -> None:
    delivery.bundled_into, delivery.due_at = None, house_clock.now()
    delivery.save(update_fields=["bundled_into", "due_at"])
    notifications.plan_delivery(delivery)


def _of_what_is_open() -> QuerySet[Delivery]:
    by_hand = Q(notification__direct__isnull=False, notification__stopped_at=None)
    return (
        Delivery.objects.filter(Q(notification__incident__status__in=OPEN) | by_hand)
        .annotate(incident_id=F("notification__incident"))
        .select_related("notification__person", "notification__incident", "notification__direct__by")
    )


def _gap(delivery: Delivery, missing: QuerySet[Delivery], what: str, put_in_place: Callable[[Delivery], None]) -> Gap:
    told = delivery.notification
    kind, state = told.get_kind_display().lower(), delivery.get_state_display().lower()
    about = f"for {told.incident}" if told.incident else f"by {told.direct.by if told.direct else 'hand'}"
    return Gap(
        told.incident_id,
        f"A {kind} {about} to {told.person} was {state}, and {what}.",
        missing.filter(pk=delivery.pk),
        put_in_place,
    )
