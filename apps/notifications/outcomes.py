"""What becomes of a locked delivery, and with it of what is bundled into it: arrived, failed, given up, unknown.

What is bundled shares the message, not the fate of its receiver's answers: each is looked at for itself, and what is
still wanted when the one that leads is not goes out without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce

from apps.contacts import actions as contacts
from apps.core import clock as house_clock
from apps.incidents import timeline
from apps.incidents.models import EventKind, Incident
from apps.notifications import messages
from apps.notifications.actions import cancel, notify, plan_next, release
from apps.notifications.models import ARRIVED, Delivery, DeliveryState, Notification, NotificationKind
from apps.notifications.transports import AddressRefused, OptedOut
from apps.teams.models import User

#: So often at most a page is tried of which nobody can tell whether it was sent, where nothing else is left to try.
MOST_IN_DOUBT = 12

Row = TypeVar("Row", Incident, Notification, User)


def locked(delivery_id: int, *, with_person: bool = False) -> list[Delivery]:
    """The delivery, first, and what is bundled into it and shares its fate; locked with what everybody locks before.

    That is, in this order: the incidents of what they tell (of a page by hand: the notification), ``with_person`` the
    receiver, and the deliveries. Raises Delivery.DoesNotExist.
    """
    told = Delivery.objects.filter(Q(pk=delivery_id) | Q(bundled_into=delivery_id))
    rows = list(told.values_list("notification", "notification__incident", "notification__person"))
    incidents = _lock(Incident.objects.all(), {incident for _, incident, _ in rows if incident})
    _lock(Notification.objects.all(), {notification for notification, incident, _ in rows if not incident})
    people = _lock(User.objects.all(), {person for _, _, person in rows if with_person})
    together = told.select_related("notification", "method").select_for_update(of=("self",), no_key=True)
    group = sorted(together.order_by("pk"), key=lambda each: each.pk != delivery_id)
    if not group:
        raise Delivery.DoesNotExist(f"There is no delivery {delivery_id}.")
    for each in group:
        _attach(each.notification, incidents, people)
    return [group[0], *(each for each in group[1:] if each.state != DeliveryState.CANCELLED)]


def arrived(group: Sequence[Delivery], state: DeliveryState, *, provider_id: str = "") -> None:
    """The provider has it, or says that it arrived; whatever was planned in its stead is no longer needed."""
    keys = [each.pk for each in group]
    changes: dict[str, object] = {"state": state, "last_error": ""}
    if provider_id:
        changes["provider_id"] = provider_id[:120]
    Delivery.objects.filter(pk__in=keys).update(sent_at=Coalesce("sent_at", Value(house_clock.now())), **changes)
    roots = {each.instead_of_id or each.pk for each in group}
    family = Delivery.objects.filter(
        Q(pk__in=roots) | Q(instead_of__in=roots), state__in=(DeliveryState.PLANNED, DeliveryState.UNKNOWN)
    )
    for other in family.exclude(pk__in=keys):
        cancel(other)
    if group[0].method is not None:
        contacts.note_success(group[0].method)


def end(group: Sequence[Delivery], reason: str, *, error: Exception | None = None) -> None:
    """Give the delivery up, and reach its receiver another way while that is wanted."""
    lead = group[0]
    if isinstance(error, AddressRefused) and lead.method is not None:
        contacts.note_failure(lead.method, reason=reason, gone=error.gone)
    if isinstance(error, OptedOut):
        contacts.opt_out(lead.address)
    for each in group:
        if not each.notification.is_wanted:
            _set(each, _taken_back(each), reason)
            continue
        _set(each, DeliveryState.FAILED, reason)
        if not _goes_another_way(each):
            _say_that_nobody_was_reached(each.notification, reason)


def fail_for_now(group: Sequence[Delivery], reason: str) -> bool:
    """It failed, and may be tried again; True if it is to be. What is wanted of it goes on without it otherwise."""
    again = group[0].notification.is_wanted
    for each in group:
        before = DeliveryState.UNKNOWN if each.unknown_at is not None else DeliveryState.PLANNED
        _set(each, before if each.notification.is_wanted else _taken_back(each), reason)
    if not again:
        release(each for each in group[1:] if each.notification.is_wanted)
    return again


def is_unknown(group: Sequence[Delivery], reason: str) -> bool:
    """Mark it *outcome unknown*; True if it is to be sent again: a page that is wanted, the first time.

    A page that stays unknown goes another way. Where there is none it is sent again, up to MOST_IN_DOUBT: two
    workers that died over it before they handed it over must not be the end of it.
    """
    pages = [each for each in group if each.notification.is_page and each.notification.is_wanted]
    again = [each for each in pages if each.unknown_at is None]
    exhausted = [each for each in pages if each.unknown_at is not None]
    for each in group:
        each.unknown_at = each.unknown_at or house_clock.now()
        each.unknown_attempts += 1
        each.save(update_fields=["unknown_at", "unknown_attempts"])
        _set(each, DeliveryState.UNKNOWN, reason)
    for each in exhausted:
        if _goes_another_way(each):
            continue
        if group[0].attempts < MOST_IN_DOUBT:
            again.append(each)
        else:
            _say_that_nobody_was_reached(each.notification, reason)
    if group[0] in again:
        return True
    release(again)
    return False


def try_another_way(group: Sequence[Delivery]) -> None:
    """Let each receiver be reached by their next step or method, unless something else is under way already."""
    for each in group:
        others = each.notification.deliveries.exclude(pk=each.pk).exclude(address="")
        under_way = others.filter(
            Q(state__in=(DeliveryState.SENDING, *ARRIVED))
            | Q(state=DeliveryState.PLANNED, due_at__lte=house_clock.now())
        )
        if each.notification.is_wanted and not under_way.exists():
            plan_next(each)


def _goes_another_way(delivery: Delivery) -> bool:
    """Plan its receiver's next step or method; True if there is one, or something else is under way or arrived."""
    others = delivery.notification.deliveries.exclude(pk=delivery.pk).exclude(address="")
    alive = others.exclude(state__in=(DeliveryState.FAILED, DeliveryState.CANCELLED))
    return plan_next(delivery) is not None or alive.exists()


def _say_that_nobody_was_reached(notification: Notification, reason: str) -> None:
    """On the timeline of the incident; of a page by hand to whoever sent it, who waits for an answer."""
    if notification.incident is not None:
        timeline.record(
            notification.incident,
            EventKind.NOTIFICATION_FAILED,
            text=f"{notification.person} could not be reached: {reason}",
            data={"notification": notification.pk, "person": notification.person_id, "level": notification.level},
        )
    elif notification.direct is not None:
        notify(
            notification.direct.by,
            incident=None,
            kind=NotificationKind.NOTICE,
            step=f"direct_failed:{notification.pk}",
            subject=f"Your page did not reach {notification.person}",
            text=messages.unreached_by_hand(notification, reason),
        )


def _taken_back(delivery: Delivery) -> DeliveryState:
    return DeliveryState.UNKNOWN if delivery.unknown_at is not None else DeliveryState.CANCELLED


def _set(delivery: Delivery, state: DeliveryState, reason: str) -> None:
    delivery.state, delivery.last_error = state, reason
    delivery.save(update_fields=["state", "last_error"])


def _attach(notification: Notification, incidents: Mapping[int, Incident], people: Mapping[int, User]) -> None:
    """Let the notification know the locked rows as its own, so that nothing is read twice."""
    if notification.incident_id is not None and notification.incident_id in incidents:
        notification.incident = incidents[notification.incident_id]
    if notification.person_id in people:
        notification.person = people[notification.person_id]


def _lock(rows: QuerySet[Row], keys: Iterable[int]) -> dict[int, Row]:
    """Lock the rows, by ascending key so that nobody waits for one while holding what the other waits for.

    The rows alone and with no join, for the reason that ``incidents.actions.locking`` gives.
    """
    wanted = sorted(keys)
    if not wanted:
        return {}
    return {row.pk: row for row in rows.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")}
