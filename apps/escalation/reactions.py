"""What the chain does when something happens to an incident; it acts in the same transaction (design, law 4)."""

from __future__ import annotations

from apps.core.events import on
from apps.escalation import actions
from apps.incidents.models import EventKind, ImpactAssessment, TimelineEvent, Via


@on(EventKind.DECLARED, EventKind.REOPENED)
def begin_to_climb(event: TimelineEvent) -> None:
    """A declared or reopened incident climbs the chain of its severity and team (R12)."""
    actions.start_run(event.incident)


@on(EventKind.SEVERITY_CHANGED)
def climb_by_the_new_severity(event: TimelineEvent) -> None:
    """The chain is taken anew; what fired since the response began does not fire again (requirements)."""
    actions.start_over(event.incident)


@on(EventKind.IMPACT_ASSESSED)
def raise_by_impact(event: TimelineEvent) -> None:
    """What an assessment newly states raises at once, where a trigger says so (R10)."""
    assessment = ImpactAssessment.objects.get(pk=event.data["assessment"])
    actions.raise_by_impact(assessment, via=Via(event.via))


@on(EventKind.RESOLVED, EventKind.CANCELLED, EventKind.MERGED)
def stop_climbing(event: TimelineEvent) -> None:
    """Nobody is woken for what is over."""
    actions.end_run(event.incident, reason=event.incident.get_status_display().lower())
