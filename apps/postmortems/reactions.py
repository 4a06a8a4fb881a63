"""What postmortems do when something happens to an incident: run its two deadlines, plan the review (R28, R29, R31).

The clocks are part of the change; the review and the notices are jobs, so that a fault in one undoes no resolution.
"""

from __future__ import annotations

from apps.core.events import on
from apps.engine import actions as engine
from apps.incidents.models import ClockName, EventKind, TimelineEvent
from apps.postmortems import actions

REVIEW = "postmortems.create"
REMINDER = "postmortems.reminder"
OVERDUE = "postmortems.overdue"


@on(EventKind.RESOLVED)
def begin_the_aftermath(event: TimelineEvent) -> None:
    """The deadlines run from the resolution, and the review is made."""
    actions.start_clocks(event.incident, resolved_at=event.incident.resolved_at or event.at)
    _plan_review(event)


@on(EventKind.REOPENED)
def wait_for_the_next_resolution(event: TimelineEvent) -> None:
    """The deadlines stop, and the review is a draft again."""
    actions.stop_clocks(event.incident)
    _plan_review(event)


@on(EventKind.CLOCK_WARNED)
def plan_a_reminder(event: TimelineEvent) -> None:
    """A deadline nears: whoever is responsible is reminded."""
    _plan_notice(REMINDER, event)


@on(EventKind.CLOCK_BREACHED)
def plan_to_escalate(event: TimelineEvent) -> None:
    """A deadline passed: whoever is responsible and the engineering manager are told."""
    _plan_notice(OVERDUE, event)


def _plan_review(event: TimelineEvent) -> None:
    engine.schedule(
        REVIEW,
        key=f"{REVIEW}:{event.incident_id}",
        subject=f"incident:{event.incident_id}:review",
        payload={"incident": event.incident_id},
    )


def _plan_notice(kind: str, event: TimelineEvent) -> None:
    if event.data["clock"] not in (ClockName.CLOSURE, ClockName.REVIEW):
        return
    engine.schedule(
        kind,
        key=f"{kind}:{event.pk}",
        subject=f"incident:{event.incident_id}:review",
        payload={"incident": event.incident_id, "clock": event.data["clock"], "due_at": event.data["due_at"]},
    )
