"""What the chain does when something happens to an incident; it acts in the same transaction (design, law 4)."""

from __future__ import annotations

from apps.core.events import on
from apps.escalation import actions
from apps.escalation.models import LevelState, RunLevel
from apps.incidents.models import EventKind, TimelineEvent


@on(EventKind.DECLARED, EventKind.REOPENED)
def begin_to_climb(event: TimelineEvent) -> None:
    """A declared or reopened incident climbs the chain of its severity and team (R12)."""
    actions.start_run(event.incident)


@on(EventKind.SEVERITY_CHANGED)
def climb_by_the_new_severity(event: TimelineEvent) -> None:
    """The chain is taken anew; what fired since the response began does not fire again (requirements)."""
    fired = RunLevel.objects.filter(
        run__incident=event.incident,
        run__started_at=event.incident.response_started_at,
        state=LevelState.FIRED,
    )
    actions.start_run(event.incident, fired=frozenset(fired.values_list("number", flat=True)))


@on(EventKind.RESOLVED, EventKind.CANCELLED, EventKind.MERGED)
def stop_climbing(event: TimelineEvent) -> None:
    """Nobody is woken for what is over."""
    actions.end_run(event.incident, reason=event.incident.get_status_display().lower())
