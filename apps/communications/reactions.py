"""What communications do when something happens to an incident: run the update clock, plan what is sent (R24).

The clock is part of the change; messages and reminders are jobs, so that a fault in one never undoes a declaration.
"""

from __future__ import annotations

from apps.communications import actions, queries, rules
from apps.communications.models import Phase
from apps.core.events import on
from apps.engine import actions as engine
from apps.incidents.models import ClockName, EventKind, TimelineEvent

REMINDER = "communications.reminder"
OVERDUE = "communications.overdue"


@on(EventKind.DECLARED)
def begin(event: TimelineEvent) -> None:
    """Plan the first message, or start the clock by which a person sends it."""
    _await_the_first(event)


@on(EventKind.REOPENED)
def take_up_again(event: TimelineEvent) -> None:
    """Updates follow one another again, counted from the reopening."""
    actions.start_clock(event.incident, queries.cadence_of(event.incident.severity).every, since=event.at)


@on(EventKind.SEVERITY_CHANGED)
def count_anew(event: TimelineEvent) -> None:
    """The new severity's schedule holds, counted from the last message, or from the declaration before the first."""
    incident = event.incident
    last = queries.last_internal_update(incident)
    if last is None:
        _await_the_first(event)
    else:
        since = max(last.at, incident.response_started_at)
        actions.start_clock(incident, queries.cadence_of(incident.severity).every, since=since)


@on(EventKind.RESOLVED)
def await_the_last(event: TimelineEvent) -> None:
    """Plan the message that it is over, or start the clock by which a person sends it."""
    resolution = queries.cadence_of(event.incident.severity).resolution
    if rules.is_immediate(resolution):
        actions.start_clock(event.incident, None, since=event.at)
        actions.plan_system_message(event.incident, Phase.RESOLUTION)
    else:
        actions.start_clock(event.incident, resolution, since=event.at)


@on(EventKind.CLOSED)
def expect_no_more(event: TimelineEvent) -> None:
    """Nothing is sent about a closed incident."""
    actions.start_clock(event.incident, None, since=event.at)


@on(EventKind.CLOCK_WARNED)
def plan_a_reminder(event: TimelineEvent) -> None:
    """A message is due soon: whoever sends it is reminded."""
    _plan(REMINDER, event)


@on(EventKind.CLOCK_BREACHED)
def plan_to_raise_it(event: TimelineEvent) -> None:
    """A message is overdue: the commander is told."""
    _plan(OVERDUE, event)


def _await_the_first(event: TimelineEvent) -> None:
    incident = event.incident
    cadence = queries.cadence_of(incident.severity)
    if rules.is_immediate(cadence.initial):
        actions.plan_system_message(incident, Phase.INITIAL)
        actions.start_clock(incident, cadence.every, since=event.at)
    else:
        actions.start_clock(incident, cadence.initial, since=incident.declared_at)


def _plan(kind: str, event: TimelineEvent) -> None:
    if event.data["clock"] != ClockName.UPDATE:
        return
    engine.schedule(
        kind,
        key=f"{kind}:{event.pk}",
        subject=f"incident:{event.incident_id}:message",
        payload={"incident": event.incident_id, "due_at": event.data["due_at"]},
    )
