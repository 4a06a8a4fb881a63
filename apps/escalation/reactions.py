"""What the chain does when something happens to an incident; it acts in the same transaction (design, law 4)."""

from __future__ import annotations

from apps.catalog.actions import MAINTENANCE_CHANGED
from apps.catalog.models import MaintenanceWindow
from apps.core import clock
from apps.core.events import on
from apps.escalation import actions, queries
from apps.incidents.models import EventKind, ImpactAssessment, TimelineEvent, Via
from apps.rosters import turn_taking
from apps.rosters.actions import ABSENCE_ADDED, SHIFTS_LOST, ShiftsLost
from apps.rosters.models import Absence


@on(*(kind for kind in EventKind if kind not in (EventKind.DECLARED, *queries.NO_WORK)))
def hear_that_somebody_works_on_it(event: TimelineEvent) -> None:
    """Whatever a person does about an incident answers whether anybody is still on it; before the chain is changed."""
    if event.actor is not None:
        actions.somebody_acted(event.incident, event.actor)


@on(EventKind.DECLARED, EventKind.REOPENED)
def begin_to_climb(event: TimelineEvent) -> None:
    """A declared or reopened incident climbs the chain of its severity and team (R12)."""
    actions.start_run(event.incident)


@on(EventKind.SEVERITY_CHANGED)
def climb_by_the_new_severity(event: TimelineEvent) -> None:
    """The chain is taken anew; what fired since the response began does not fire again (requirements)."""
    actions.start_over(event.incident)


@on(EventKind.ACKNOWLEDGED, EventKind.SEVERITY_CHANGED)
def wait_for_silence(event: TimelineEvent) -> None:
    """Whoever took it on is asked again when nothing happens for the policy's time."""
    actions.listen(event.incident)


@on(EventKind.PAGE_DECLINED)
def go_on_without_who_declined(event: TimelineEvent) -> None:
    """Where nobody is left who could answer the next level is paged at once."""
    actions.go_on_without(event.incident)


@on(EventKind.NOTIFICATION_FAILED)
def go_on_without_who_is_not_reached(event: TimelineEvent) -> None:
    """The same where nothing reaches them any more; afterwards, for whoever records a failure has other rows locked."""
    actions.plan_to_go_on_without(event.incident_id)


@on(EventKind.IMPACT_ASSESSED)
def raise_by_impact(event: TimelineEvent) -> None:
    """What an assessment newly states raises at once, where a trigger says so (R10)."""
    assessment = ImpactAssessment.objects.get(pk=event.data["assessment"])
    actions.raise_by_impact(assessment, via=Via(event.via))


@on(EventKind.RESOLVED, EventKind.CANCELLED, EventKind.MERGED)
def stop_climbing(event: TimelineEvent) -> None:
    """Nobody is woken for what is over."""
    actions.end_run(event.incident, reason=event.incident.get_status_display().lower())


@on(MAINTENANCE_CHANGED)
def let_what_waits_wait_anew(window: MaintenanceWindow) -> None:
    """What waits for the end of maintenance moves with it (R34)."""
    actions.plan_to_look()


@on(EventKind.DESCRIBED)
def let_it_wait_for_its_own_services(event: TimelineEvent) -> None:
    """What turns out to affect other services may be under maintenance no longer (R34)."""
    if "services" in event.data["after"]:
        actions.plan_to_look_at(event.incident_id)


@on(ABSENCE_ADDED)
def look_whether_somebody_is_left(absence: Absence) -> None:
    """Whoever says that they are ill may have been the only one whom their team's services page."""
    if absence.start <= clock.now():
        actions.plan_to_watch(turn_taking.teams_of_turns(absence.person))


@on(SHIFTS_LOST)
def look_whether_somebody_else_is_left(lost: ShiftsLost) -> None:
    """So may whoever left, or lost the role by which they respond."""
    actions.plan_to_watch(lost.teams)
