"""Answers an incident: acknowledge it, move it forward, change its severity."""

from __future__ import annotations

from django.db import transaction

from apps.core.errors import Invalid, RuleViolation
from apps.incidents import clocks, rules, timeline
from apps.incidents.actions import backups, ending, steps
from apps.incidents.actions.locking import locked
from apps.incidents.models import ClockName, EventKind, Incident, Severity, Status, Via
from apps.teams import access
from apps.teams.models import User


@transaction.atomic
def acknowledge(incident_id: int, *, by: User, via: Via = Via.WEB) -> Incident:
    """Take the incident on: its response clock is met and what only an unanswered incident needs stops (R4, R12).

    Acknowledging twice is harmless: the second call changes nothing and records nothing.
    Raises NotAllowed if ``by`` may not respond to it, RuleViolation once it is resolved.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if not incident.is_open:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; there is nothing to acknowledge.")
    steps.answer(incident, by=by, via=via)
    return incident


@transaction.atomic
def transition(incident_id: int, *, to: str, by: User, via: Via = Via.WEB, note: str = "") -> Incident:
    """Move the incident to the status ``to``; any step forward out of *declared* acknowledges it.

    Raises RuleViolation where the lifecycle does not allow the step or a gate is open, NotAllowed without the right.
    """
    wanted = Status(to)
    if wanted is Status.RESOLVED:
        return ending.resolve(incident_id, by=by, via=via, note=note)
    if wanted is Status.CLOSED:
        return ending.close(incident_id, by=by, via=via, note=note)
    if wanted is Status.CANCELLED:
        return ending.cancel(incident_id, reason=note, by=by, via=via)
    if wanted is Status.MERGED:
        raise RuleViolation("Merging needs to know into which incident: use merge.")
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if wanted is Status.ACKNOWLEDGED and incident.status == Status.ACKNOWLEDGED:
        return acknowledge(incident_id, by=by, via=via)
    rules.check_transition(incident.status, wanted)
    if incident.status == Status.RESOLVED:
        return ending.reopen(incident_id, by=by, via=via, reason=note)
    if wanted is Status.ACKNOWLEDGED:
        return acknowledge(incident_id, by=by, via=via)
    steps.answer(incident, by=by, via=via)
    steps.move(incident, wanted, by=by, via=via, note=note)
    return incident


@transaction.atomic
def change_severity(incident_id: int, *, severity: Severity, reason: str, by: User, via: Via = Via.WEB) -> Incident:
    """Give the incident another severity: every clock is computed anew from the declaration (requirements).

    Raises Invalid without a reason, RuleViolation once it is no longer open, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if not incident.is_open:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; its severity is settled.")
    if not reason.strip():
        raise Invalid("Say why the severity changes.", field="reason")
    if severity != incident.severity:
        _give_severity(incident, severity, reason=reason.strip(), by=by, via=via)
    return incident


@transaction.atomic
def acknowledge_by_alert(incident_id: int, *, text: str, counts: bool) -> Incident:
    """Whoever sends the alert says that somebody took it on there.

    Where that ``counts`` the open incident is acknowledged by it, once; else it is a note, for a person acknowledges
    (requirements, "What counts as acknowledged?"), and who is paged goes on being paged.
    """
    incident = locked(incident_id)
    if counts and incident.is_open and incident.acknowledged_at is None:
        steps.acknowledge(incident, by=None, via=Via.ALERT, note=text)
    else:
        timeline.record(incident, EventKind.NOTE, text=text, via=Via.ALERT)
    return incident


@transaction.atomic
def raise_severity_by_alert(incident_id: int, *, severity: Severity, text: str) -> Incident:
    """An alert says that it is worse than known: the open incident gets the severity. Never a milder one."""
    incident = locked(incident_id)
    if incident.is_open and severity.rank < incident.severity.rank:
        _give_severity(incident, severity, reason=text, by=None, via=Via.ALERT)
    return incident


def _give_severity(incident: Incident, severity: Severity, *, reason: str, by: User | None, via: Via) -> None:
    before = incident.severity
    incident.severity = severity
    incident.save(update_fields=["severity"])
    clocks.retarget(incident, ClockName.RESPONSE, due_at=incident.response_started_at + severity.response_time)
    clocks.retarget(incident, ClockName.RESOLUTION, due_at=incident.declared_at + severity.resolution_target)
    backups.plan(incident)
    timeline.record(
        incident,
        EventKind.SEVERITY_CHANGED,
        text=f"{before} → {severity}: {reason}",
        actor=by,
        via=via,
        data={"from": before.code, "to": severity.code, "reason": reason},
    )
