"""Tells people how an incident goes on: what they write, and what the system sends by itself (R24, R27)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.communications import messages, queries
from apps.communications.models import Audience, Phase, Update
from apps.core import clock as house_clock
from apps.core.durations import Delay
from apps.core.errors import Invalid, RuleViolation
from apps.engine import actions as engine
from apps.incidents import clocks, timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import ClockName, EventKind, Incident, Status, Via
from apps.notifications import actions as notifications
from apps.notifications.models import NotificationKind
from apps.teams import access
from apps.teams.models import User

SYSTEM_MESSAGE = "communications.system_message"
ENDED = (Status.CLOSED, Status.CANCELLED, Status.MERGED)


@transaction.atomic
def send_update(
    incident_id: int, *, audience: str, message: str, by: User, via: Via = Via.WEB, status: str | None = None
) -> Update:
    """Send ``message``, as it is written, to the response team and stakeholders, or keep it for customers (R24).

    An internal one meets the running update clock and starts the next, which counts from now; after the resolution
    there is no next. ``status`` is what the message calls the incident's status, by default the one that it has.
    Raises Invalid for an empty message or an unknown audience or status, RuleViolation once the incident is closed,
    cancelled or merged, NotAllowed without the right.
    """
    incident = locked(incident_id)
    access.require(by, access.Permission.RESPOND, incident)
    if incident.status in ENDED:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; no more updates are sent.")
    if audience not in Audience.values:
        raise Invalid(f"An audience is one of {', '.join(Audience.values)}.", field="audience")
    if status is not None and status not in Status.values:
        raise Invalid(f"A status is one of {', '.join(Status.values)}.", field="status")
    if not message.strip():
        raise Invalid("An update needs a message.", field="message")
    phase = queries.next_phase(incident, audience)
    draft = queries.drafted(incident, audience, phase)
    subject = draft.subject if draft else messages.subject(incident)
    update = write_update(
        incident, audience=audience, phase=phase, subject=subject, message=message, by=by, via=via, status=status
    )
    if audience == Audience.INTERNAL:
        clocks.meet(incident, ClockName.UPDATE)
        if incident.is_open:
            start_clock(incident, queries.cadence_of(incident.severity).every, since=update.at)
    return update


def write_update(
    incident: Incident,
    *,
    audience: str,
    phase: str,
    subject: str,
    message: str,
    by: User | None,
    via: Via,
    status: str | None,
) -> Update:
    """Write an update about a locked incident, and send an internal one; who may is decided by whoever calls."""
    update = Update.objects.create(
        incident=incident,
        audience=audience,
        phase=phase,
        status=status or incident.status,
        subject=" ".join(messages.marked(incident, subject).split())[:250],
        message=message.strip(),
        by=by,
        at=house_clock.now(),
    )
    told = queries.recipients(incident) if audience == Audience.INTERNAL else []
    whom = f"sent to {len(told)} people" if audience == Audience.INTERNAL else "for customers recorded"
    timeline.record(
        incident,
        EventKind.UPDATE_SENT,
        text=f"{update.get_phase_display()} {whom}{f' by {by}' if by else ''}: {update.message}",
        actor=by,
        via=via,
        at=update.at,
        data={"update": update.pk, "audience": audience, "phase": phase, "people": [person.pk for person in told]},
    )
    notifications.notify_all(
        dict.fromkeys(told, update.message),
        incident=incident,
        kind=NotificationKind.UPDATE,
        step=f"update:{update.pk}",
        subject=update.subject,
    )
    return update


def start_clock(incident: Incident, delay: Delay | None, *, since: datetime) -> None:
    """Start the update clock of a locked incident, due ``delay`` after ``since``; without one the clock stops."""
    if delay is None:
        clocks.stop(incident, ClockName.UPDATE)
        return
    clocks.start(incident, ClockName.UPDATE, due_at=queries.due_after(incident, delay, since), started_at=since)


def plan_system_message(incident: Incident, phase: Phase) -> None:
    """Have the system send the message of ``phase``, as its template makes it: the first one after the first page."""
    engine.schedule(
        SYSTEM_MESSAGE,
        due_at=house_clock.now() + engine.AFTER_THE_PAGE if phase == Phase.INITIAL else None,
        key=f"{SYSTEM_MESSAGE}:{incident.pk}:{phase}",
        subject=f"incident:{incident.pk}:message",
        payload={"incident": incident.pk, "phase": phase},
    )


@transaction.atomic
def send_system_message(incident_id: int, *, phase: str) -> Update | None:
    """Send what the template of ``phase`` makes to the response team, unless it came too late (None).

    Too late is an initial message once the incident is over or anything was sent; one of resolution once the incident
    was taken up again, or somebody told of it. Without a template the message is the title and the summary.
    """
    incident = locked(incident_id)
    since = incident.declared_at if phase == Phase.INITIAL else incident.resolved_at
    last = queries.last_internal_update(incident)
    if incident.is_open != (phase == Phase.INITIAL) or since is None or (last is not None and last.at >= since):
        return None
    draft = queries.drafted(incident, Audience.INTERNAL, phase)
    if draft is None:
        draft = messages.Draft(messages.subject(incident), f"{incident.title}\n\n{incident.summary}".strip())
    return write_update(
        incident, audience=Audience.INTERNAL, phase=phase, subject=draft.subject, message=draft.body,
        by=None, via=Via.ENGINE, status=None,
    )  # fmt: skip


@transaction.atomic
def remind(incident_id: int, *, due_at: datetime) -> None:
    """Remind who communicates of the message due at ``due_at``, unless it was sent meanwhile (R24)."""
    incident = locked(incident_id)
    if not _is_waited_for(incident, due_at):
        return
    local = messages.local_time(incident, due_at)
    _tell(
        queries.who_communicates(incident), incident, step=f"update_due:{due_at.isoformat()}",
        occasion=f"update due at {local}", text=f"The next update to the response team is due at {local}.",
    )  # fmt: skip


@transaction.atomic
def raise_overdue(incident_id: int, *, due_at: datetime) -> None:
    """Say on the timeline that the message due at ``due_at`` is overdue and tell the commander (R24)."""
    incident = locked(incident_id)
    if not _is_waited_for(incident, due_at):
        return
    local = messages.local_time(incident, due_at)
    people = queries.who_commands(incident)
    raised = f" Raised to {', '.join(map(str, people))}." if people else " There is nobody to raise it to."
    text = f"The update due at {local} was not sent."
    timeline.record(
        incident, EventKind.UPDATE_OVERDUE, text=f"{text}{raised}",
        data={"due_at": due_at.isoformat(), "people": [person.pk for person in people]},
    )  # fmt: skip
    _tell(people, incident, step=f"update_overdue:{due_at.isoformat()}", occasion="update overdue", text=text)


def _is_waited_for(incident: Incident, due_at: datetime) -> bool:
    clock = clocks.running(incident, ClockName.UPDATE)
    return clock is not None and clock.due_at == due_at


def _tell(people: list[User], incident: Incident, *, step: str, occasion: str, text: str) -> None:
    subject = messages.marked(incident, f"[{incident.severity.code}] {incident} {occasion}: {incident.title}")
    notifications.notify_all(
        dict.fromkeys(people, text), incident=incident, kind=NotificationKind.NOTICE, step=step, subject=subject
    )
