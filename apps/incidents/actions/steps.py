"""The two steps that several actions take on an incident they have locked: answer it, move it."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core import clock as house_clock
from apps.core import events
from apps.core.spans import in_words
from apps.incidents import clocks, timeline
from apps.incidents.models import ClockName, EventKind, Incident, Status, Via
from apps.teams.models import User

#: A person answered the incident by whatever step; its subject is an ``Answer``.
ANSWERED = "incidents.answered"


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered which incident; ``first``: nobody had before."""

    incident: Incident
    by: User
    via: Via
    first: bool


def answer(incident: Incident, *, by: User, via: Via) -> None:
    """Set the acknowledgement of a locked incident, once; each who answers is told to whom it concerns (ANSWERED)."""
    first = incident.acknowledged_at is None
    if first:
        acknowledge(incident, by=by, via=via)
    events.publish(ANSWERED, Answer(incident, by, via, first))


def acknowledge(incident: Incident, *, by: User | None, via: Via, note: str = "") -> None:
    """Set the acknowledgement of a locked incident that has none: by whoever is not known here, if by nobody."""
    if incident.status == Status.DECLARED:
        incident.status = Status.ACKNOWLEDGED
    incident.acknowledged_at = house_clock.now()
    incident.acknowledged_by = by
    incident.save(update_fields=["status", "acknowledged_at", "acknowledged_by"])
    whom = f" by {by}" if by else ""
    after = in_words(incident.acknowledged_at - incident.response_started_at)
    remark = f" {note}" if note else ""
    text = f"Acknowledged{whom} after {after}.{remark}"
    timeline.record(incident, EventKind.ACKNOWLEDGED, text=text, actor=by, via=via)
    clocks.meet(incident, ClockName.RESPONSE, at=incident.acknowledged_at)


def move(incident: Incident, status: Status, *, by: User | None, via: Via, note: str = "") -> None:
    """Set the status of a locked incident and say so on the timeline."""
    before = incident.get_status_display()
    incident.status = status
    incident.save(update_fields=["status"])
    remark = f" {note.strip()}" if note.strip() else ""
    timeline.record(
        incident,
        EventKind.STATUS_CHANGED,
        text=f"{before} → {status.label}.{remark}",
        actor=by,
        via=via,
        data={"status": status, "note": note},
    )
