"""Who was told what, when, by which way, and whether it arrived (R14): as an incident and its receivers read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.desk.own_methods import ICONS
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.notifications import helping
from apps.notifications import queries as notifications
from apps.notifications.models import ARRIVED, Channel, Delivery, DeliveryState, Notification
from apps.notifications.rules import CHANNEL_OF
from apps.teams.models import User

_TONES: dict[str, str] = {
    DeliveryState.SENDING: "info",
    DeliveryState.SENT: "ok",
    DeliveryState.DELIVERED: "ok",
    DeliveryState.READ: "ok",
    DeliveryState.FAILED: "danger",
    DeliveryState.UNKNOWN: "warn",
}
_ICONS: dict[str, str] = {**{channel: ICONS[kind] for kind, channel in CHANNEL_OF.items()}, Channel.IN_APP: "home"}


@dataclass(frozen=True, slots=True)
class Sending:
    """One message on its way; ``together`` names what else the same message told of."""

    delivery: Delivery
    icon: str
    tone: str
    together: str
    to: str

    @property
    def at(self) -> datetime:
        """When it was sent, or is due, or was taken back."""
        return self.delivery.sent_at or self.delivery.due_at


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that one person was told, and how it got to them."""

    notification: Notification
    sendings: list[Sending]

    @property
    def kind(self) -> str:
        """What it was, in words."""
        asks_for_help = self.notification.step.startswith(helping.STEP)
        return "Request to respond" if asks_for_help else self.notification.get_kind_display()

    @property
    def answer(self) -> str:
        """What its receiver answered, in a word; empty where nothing was, or was asked."""
        if self.notification.acknowledged_at is not None:
            return "Acknowledged"
        if self.notification.declined_at is not None:
            return "Declined"
        return "Handed to others" if self.notification.withdrawn_at is not None else ""

    @property
    def answered_at(self) -> datetime | None:
        """When ``answer`` came to be."""
        told = self.notification
        return told.acknowledged_at or told.declined_at or told.withdrawn_at


@dataclass(frozen=True, slots=True)
class Receiver:
    """One person with everything that they were told, the newest first."""

    person: User
    told: list[Told]

    @property
    def answer(self) -> str:
        """Their latest answer to a page, in a word."""
        return next((each.answer for each in self.told if each.answer), "")

    @property
    def was_paged(self) -> bool:
        return any(each.notification.is_page for each in self.told)

    @property
    def reached(self) -> bool:
        """Whether some message left the house for them, the app aside."""
        states = [sending.delivery for each in self.told for sending in each.sendings]
        return any(each.state in ARRIVED and each.channel != Channel.IN_APP for each in states)


def of_incident(incident: Incident, *, viewer: User) -> list[Receiver]:
    """Who was told of the incident, whoever was told last at the top. A constant number of queries."""
    deliveries = notifications.of_incident(incident).select_related("notification__person", "method")
    by_notification: dict[Notification, list[Delivery]] = {}
    for delivery in deliveries:
        by_notification.setdefault(delivery.notification, []).append(delivery)
    receivers: dict[User, list[Told]] = {}
    for each in of_notifications(by_notification, viewer=viewer)[::-1]:
        receivers.setdefault(each.notification.person, []).append(each)
    return [Receiver(person, told) for person, told in receivers.items()]


def of_notifications(
    told: dict[Notification, list[Delivery]], *, viewer: User, masks_others: bool = False
) -> list[Told]:
    """Each of ``told`` with what became of its messages, in its order.

    Another incident of the same message is named to whoever may see it. ``masks_others``: what was sent to anybody else
    does not say at which address.
    """
    together = _together([each for deliveries in told.values() for each in deliveries], viewer=viewer)
    return [
        Told(each, _sendings(deliveries, together, masks=masks_others and each.person_id != viewer.pk))
        for each, deliveries in told.items()
    ]


def masked(delivery: Delivery) -> str:
    """The address as far as its owner alone would recognise it."""
    if delivery.channel in (Channel.SMS, Channel.VOICE):
        return f"…{delivery.address[-2:]}"
    if delivery.channel == Channel.EMAIL:
        name, _, domain = delivery.address.partition("@")
        return f"{name[:1]}…@{domain}"
    return delivery.shown


def tone_of(state: str) -> str:
    """How a state looks."""
    return _TONES.get(state, "outline")


def _sendings(deliveries: Iterable[Delivery], together: dict[int, str], *, masks: bool) -> list[Sending]:
    """The messages in their order; that the app shows it is said only where it says something new."""
    listed = sorted(deliveries, key=lambda each: (each.due_at, each.pk))
    outside = [each for each in listed if each.channel != Channel.IN_APP]
    shown = [each for each in listed if each in outside or not outside or each.state == DeliveryState.READ]
    return [
        Sending(
            each,
            _ICONS[each.channel],
            tone_of(each.state),
            together.get(each.pk, ""),
            (masked(each) if masks else each.shown) if each.address else "",
        )
        for each in shown
    ]


def _together(deliveries: list[Delivery], *, viewer: User) -> dict[int, str]:
    """By delivery: what shared its message, in words. Two queries, none where nothing was bundled."""
    roots = {each.pk: each.bundled_into_id or each.pk for each in deliveries if each.channel != Channel.IN_APP}
    if not roots:
        return {}
    wanted = set(roots.values())
    bundled = Delivery.objects.filter(Q(pk__in=wanted, bundled__isnull=False) | Q(bundled_into__in=wanted))
    groups: dict[int, dict[int, Notification]] = {}
    for each in bundled.select_related("notification__incident").order_by("pk"):
        groups.setdefault(each.bundled_into_id or each.pk, {})[each.pk] = each.notification
    others = {each.incident_id for group in groups.values() for each in group.values() if each.incident_id is not None}
    visible = set(incidents.visible_to(viewer).filter(pk__in=others).values_list("pk", flat=True)) if others else set()
    return {
        pk: _listed([each for other, each in groups[root].items() if other != pk], visible, viewer)
        for pk, root in roots.items()
        if root in groups
    }


def _listed(others: list[Notification], visible: set[int], viewer: User) -> str:
    names = [
        "a page by hand"
        if each.incident is None
        else str(each.incident)
        if each.incident_id in visible or each.person_id == viewer.pk
        else "another incident"
        for each in others
    ]
    return ", ".join(dict.fromkeys(names))
