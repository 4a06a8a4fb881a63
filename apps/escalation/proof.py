"""Looks for pages that should have been sent and are neither sent, nor planned, nor left out for a reason.

Each look is a handful of set-based queries over what is open, however long the tables are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db.models import Exists, F, OuterRef

from apps.engine import queries as engine
from apps.escalation.actions import climbing, levels, silence
from apps.escalation.models import UNDECIDED, LevelState, Run, RunLevel
from apps.incidents import clocks
from apps.incidents.actions.locking import locked
from apps.incidents.models import OPEN, Clock, Incident
from apps.notifications import actions as notifications
from apps.notifications.models import Delivery, DeliveryState, Notification, NotificationKind


@dataclass(frozen=True)
class Gap:
    """Something that is missing, in words, and what puts it in place; doing it twice is doing it once."""

    incident_id: int
    text: str
    repair: Callable[[], object]


def gaps() -> list[Gap]:
    """Everything that is missing now, by incident: the order in which incidents are locked."""
    found = [
        *_no_run(),
        *_no_timer_of_a_level(),
        *_no_page(),
        *_no_timer_of_a_delivery(),
        *_no_timer_of_a_clock(),
        *_no_timer_of_a_silence(),
    ]
    return sorted(found, key=lambda gap: gap.incident_id)


def _no_run() -> Iterator[Gap]:
    running = Run.objects.filter(incident=OuterRef("pk"), ended_at=None)
    for incident in Incident.objects.filter(~Exists(running), status__in=OPEN):
        yield Gap(incident.pk, f"{incident} did not climb its chain.", partial(_begin, incident.pk))


def _begin(incident_id: int) -> None:
    incident = locked(incident_id)
    if incident.is_open and not Run.objects.filter(incident=incident, ended_at=None).exists():
        climbing.start_over(incident)  # in the midst of a response: nobody is to be paged a second time


def _no_timer_of_a_level() -> Iterator[Gap]:
    undecided = RunLevel.objects.filter(state__in=UNDECIDED, run__ended_at=None, run__incident__status__in=OPEN)
    for level in engine.without_timer(undecided, kind=levels.FIRE).select_related("run__incident"):
        incident = level.run.incident
        yield Gap(
            incident.pk,
            f"{levels.called(level)} of {incident} was planned, and nothing would have paged it.",
            partial(levels.plan, level, incident),
        )


def _no_page() -> Iterator[Gap]:
    # By level and instant, not by run: a run that was taken anew for another severity sends no page for what was paged
    # before. A later round pages the same people by the same level again, so that what was sent before is another page.
    told = Notification.objects.filter(
        person=OuterRef("user"), incident=OuterRef("runlevel__run__incident"), kind=NotificationKind.PAGE,
        level=OuterRef("runlevel__number"), created_at__gte=OuterRef("runlevel__at"),
    )  # fmt: skip
    paged = RunLevel.people.through.objects.filter(
        ~Exists(told), runlevel__state=LevelState.FIRED, runlevel__run__ended_at=None,
        runlevel__run__incident__status__in=OPEN,
    )  # fmt: skip
    for row in paged.select_related("user", "runlevel__run__incident__severity", "runlevel__run__incident__team"):
        level, incident = row.runlevel, row.runlevel.run.incident
        yield Gap(
            incident.pk,
            f"{levels.called(level)} of {incident} was paged, and {row.user} was sent nothing.",
            partial(levels.page, level, incident, row.user, because=level.reason),
        )


def _no_timer_of_a_delivery() -> Iterator[Gap]:
    under_way = Delivery.objects.filter(
        state__in=(DeliveryState.PLANNED, DeliveryState.SENDING),
        bundled_into=None,  # what is bundled goes with the one that leads it
        notification__incident__status__in=OPEN,
    ).annotate(incident_id=F("notification__incident"))
    stuck = engine.without_timer(under_way, kind=notifications.DELIVERY_KEY)
    for delivery in stuck.select_related("notification__person", "notification__incident"):
        incident = delivery.notification.incident
        yield Gap(
            delivery.incident_id,
            f"A {delivery.notification.get_kind_display().lower()} for {incident} to {delivery.notification.person} "
            f"was {delivery.get_state_display().lower()}, and nothing would have sent it.",
            partial(notifications.plan_delivery, delivery),
        )


def _no_timer_of_a_clock() -> Iterator[Gap]:
    running = Clock.objects.filter(met_at=None, stopped_at=None, breached_at=None)
    for clock in engine.without_timer(running, kind=clocks.BREACH).select_related("incident"):
        yield Gap(
            clock.incident_id,
            f"The {clock.get_name_display().lower()} clock of {clock.incident} would have run out unseen.",
            partial(clocks.plan_breach, clock),
        )


def _no_timer_of_a_silence() -> Iterator[Gap]:
    waiting = Run.objects.filter(
        ended_at=None,
        asks_again_after__isnull=False,
        incident__status__in=OPEN,
        incident__acknowledged_at__isnull=False,
    )
    for run in engine.without_timer(waiting, kind=silence.SILENCE).select_related("incident"):
        yield Gap(
            run.incident_id,
            f"Whoever took {run.incident} on would not have been asked whether they are still on it.",
            partial(silence.look, run.pk),
        )
