"""The two deadlines after an incident: its closure is confirmed, its review finished (R28, R29, R31)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.incidents import clocks
from apps.incidents import queries as incidents
from apps.incidents.actions import involve
from apps.incidents.actions.locking import locked
from apps.incidents.models import ClockName, Incident
from apps.notifications import actions as notifications
from apps.notifications.models import NotificationKind
from apps.postmortems import queries
from apps.teams.models import User

#: The part of the time that is left when a deadline reminds. The procedures' own ``warn_before`` is made for targets
#: of minutes and hours: five minutes before the end of five days nobody finishes a review.
LEFT_AT_REMINDER = 4

WHAT = {
    ClockName.CLOSURE: "closure has to be confirmed",
    ClockName.REVIEW: "review has to be finished",
}


def start_clocks(incident: Incident, *, resolved_at: datetime) -> None:
    """Start both deadlines of a locked incident, counted from its resolution."""
    procedures = incidents.procedures_in_force()
    _start(incident, ClockName.CLOSURE, procedures.closure_within, since=resolved_at)
    _start(incident, ClockName.REVIEW, procedures.review_within, since=resolved_at)


def stop_clocks(incident: Incident) -> None:
    """Stop both deadlines of a locked incident: it is taken up again."""
    for name in WHAT:
        clocks.stop(incident, name)


@transaction.atomic
def remind(incident_id: int, *, clock: str, due_at: datetime) -> None:
    """Remind whoever is responsible that the deadline nears, unless it was met meanwhile (R31)."""
    incident = locked(incident_id)
    if not _is_running(incident, clock, due_at):
        return
    text = f"Its {WHAT[ClockName(clock)]} by {due_at:%Y-%m-%d %H:%M} UTC."
    _tell(queries.responsible_for(incident), incident, step=f"{clock}_due", due_at=due_at, text=text)


@transaction.atomic
def tell_overdue(incident_id: int, *, clock: str, due_at: datetime) -> None:
    """Tell whoever is responsible, and the engineering manager, that the deadline passed (R31).

    The manager becomes involved in a private incident: it is theirs to see now.
    """
    incident = locked(incident_id)
    if not _is_running(incident, clock, due_at):
        return
    people = queries.responsible_for(incident)
    manager = queries.escalation_person()
    if manager is not None and manager not in people:
        involve(incident, manager, reason=f"the {clock} is overdue")
        people.append(manager)
    text = f"Its {WHAT[ClockName(clock)]}; that was due at {due_at:%Y-%m-%d %H:%M} UTC."
    _tell(people, incident, step=f"{clock}_overdue", due_at=due_at, text=text)


def _start(incident: Incident, name: ClockName, within: timedelta, *, since: datetime) -> None:
    due_at = since + within
    clocks.start(incident, name, due_at=due_at, started_at=since, warn_at=due_at - within / LEFT_AT_REMINDER)


def _is_running(incident: Incident, name: str, due_at: datetime) -> bool:
    clock = clocks.running(incident, ClockName(name))
    return clock is not None and clock.due_at == due_at


def _tell(people: list[User], incident: Incident, *, step: str, due_at: datetime, text: str) -> None:
    drill = "DRILL " if incident.drill else ""
    for person in people:
        notifications.notify(
            person,
            incident=incident,
            kind=NotificationKind.NOTICE,
            step=f"{step}:{due_at.isoformat()}",
            subject=f"{drill}{incident}: {text.removeprefix('Its ').split(';')[0].rstrip('.')}",
            text=f"{incident.title}\n\n{text}",
        )
