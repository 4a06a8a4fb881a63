"""Tries the procedures out: declares an incident that nobody answers, lets its time pass, and takes all of it back.

What happens is what the engine would do, because it is the engine's own handlers that do it, within one transaction
that is rolled back; only the incident's own timers are touched and no message is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.catalog.models import Service
from apps.core import clock
from apps.engine.models import State, Timer
from apps.engine.registry import handler_of
from apps.incidents import actions as incidents
from apps.incidents.models import Detection, Incident, Severity, Via
from apps.notifications.actions import DELIVER
from apps.notifications.models import Channel, Notification

#: The number of the simulated incident, far beyond those of the record: none of them is spent on it.
SIMULATED = 10**18 - 1
#: Nothing is simulated beyond this: by then every chain and every clock has run out.
HORIZON = timedelta(days=14)
#: A cadence that nobody answers would repeat for ever: after this many moments the picture is complete.
MOST_MOMENTS = 500


@dataclass(frozen=True)
class Told:
    """One person who would be told, and by what."""

    person: str
    kind: str
    channel: str
    address: str


@dataclass(frozen=True)
class Moment:
    """What would happen at one instant: ``minute`` counts from the declaration."""

    at: datetime
    minute: float
    kind: str
    text: str
    told: tuple[Told, ...] = ()


def simulate(severity: Severity, service: Service, *, at: datetime) -> list[Moment]:
    """Everything that would happen to an incident of ``severity`` declared for ``service`` at ``at`` (aware) and left
    alone, in order, until nothing is due any more. Changes nothing and sends nothing.
    """
    with transaction.atomic():
        try:
            return list(_play(severity, service, at))
        finally:
            transaction.set_rollback(True)


def _play(severity: Severity, service: Service, at: datetime) -> Iterator[Moment]:
    with clock.stands_at(at):
        incident = incidents.declare(
            title=f"Simulated {severity} of {service}",
            severity=severity,
            team=service.team,
            by=None,
            via=Via.ENGINE,
            services=[service],
            detection=Detection.MONITORING,
            number=SIMULATED,
        )
    now = at
    for _ in range(MOST_MOMENTS):
        timer = _next(incident)
        if timer is None or timer.due_at > at + HORIZON:
            break
        now = max(now, timer.due_at)
        timer.state = State.DONE
        timer.finished_at = now
        timer.save(update_fields=["state", "finished_at"])
        handler = handler_of(timer.kind)
        if handler is not None and timer.kind not in DELIVER.values():
            with clock.stands_at(now):
                handler.function(timer)
    yield from _story(incident)


def _next(incident: Incident) -> Timer | None:
    own = Timer.objects.filter(subject__regex=rf"^incident:{incident.pk}(:|$)", state=State.PENDING)
    return own.order_by("due_at", "pk").first()


def _story(incident: Incident) -> Iterator[Moment]:
    events = [
        Moment(event.at, _minute(incident, event.at), event.kind, event.text.replace(str(incident), "The incident"))
        for event in incident.timeline.all()
    ]
    notifications = Notification.objects.filter(incident=incident).select_related("person")
    for notification in notifications.prefetch_related("deliveries").order_by("pk"):
        told = tuple(
            Told(str(notification.person), notification.kind, delivery.channel, delivery.address)
            for delivery in notification.deliveries.all()
            if delivery.channel != Channel.IN_APP
        )
        events.append(
            Moment(
                notification.created_at,
                _minute(incident, notification.created_at),
                notification.kind,
                f"{notification.get_kind_display()} to {notification.person}",
                told,
            )
        )
    yield from sorted(events, key=lambda moment: moment.at)


def _minute(incident: Incident, at: datetime) -> float:
    return round((at - incident.declared_at).total_seconds() / 60, 2)
