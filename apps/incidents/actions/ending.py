"""Ends an incident, and takes it up again: resolve, confirm, close, reopen, cancel, merge."""

from __future__ import annotations

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, Missing, RuleViolation
from apps.core.spans import in_words
from apps.incidents import clocks, queries, rules, timeline
from apps.incidents.actions import backups, granting, roles, steps
from apps.incidents.actions.declaring import declare
from apps.incidents.actions.locking import locked
from apps.incidents.models import (
    OPEN,
    ChecklistPart,
    ClockName,
    Detection,
    EventKind,
    Incident,
    Status,
    Via,
)
from apps.teams import access
from apps.teams.models import User


@transaction.atomic
def resolve(incident_id: int, *, by: User, via: Via = Via.WEB, note: str = "") -> Incident:
    """Resolve the incident once its immediate recovery is done or waived and the fix verified or explained (R21, R22).

    Raises RuleViolation, naming what is missing, while a gate is open; NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    rules.check_transition(incident.status, Status.RESOLVED)
    _require_open_gate(incident, Status.RESOLVED)
    steps.answer(incident, by=by, via=via)
    _resolve(incident, by=by, via=via, note=note)
    return incident


@transaction.atomic
def resolve_or_monitor(incident_id: int, *, by: User, via: Via) -> tuple[Incident, tuple[Missing, ...]]:
    """Resolve by a phone key or a chat command: while a gate is open it goes to *monitoring*, and what is missing is
    returned, to be told to ``by`` (requirements, "Resolving by an alert").

    Raises RuleViolation where the incident is over, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    rules.check_transition(incident.status, Status.RESOLVED)
    missing = queries.missing_for(incident, Status.RESOLVED)
    if not missing:
        return resolve(incident_id, by=by, via=via), ()
    steps.answer(incident, by=by, via=via)
    if incident.status != Status.MONITORING:
        steps.move(incident, Status.MONITORING, by=by, via=via, note=f"Before resolving: {_listed(missing)}")
    return incident, missing


@transaction.atomic
def resolve_by_alert(incident_id: int, *, text: str) -> Incident:
    """The alerts say it is over: resolve if the gates are settled or the severity allows it, else go to *monitoring*.

    What is missing is said on the timeline (requirements, "Resolving by an alert").
    """
    incident = locked(incident_id)
    if not incident.is_open:
        return incident
    missing = queries.missing_for(incident, Status.RESOLVED)
    if incident.severity.auto_resolve or not missing:
        _resolve(incident, by=None, via=Via.ALERT, note=text)
    elif incident.status != Status.MONITORING:
        steps.move(
            incident, Status.MONITORING, by=None, via=Via.ALERT, note=f"{text} Before resolving: {_listed(missing)}"
        )
    return incident


@transaction.atomic
def resolve_own(incident_id: int, *, text: str) -> Incident:
    """The house found that what it declared itself is over: resolve it, and say why; one that is not open stays.

    The gates do not hold it back: they ask people whether their repair of a service was verified, and here the house
    looked for itself. Raises RuleViolation for an incident that it did not declare.
    """
    incident = locked(incident_id)
    if not incident.timeline.filter(kind=EventKind.DECLARED, via=Via.ENGINE, actor=None).exists():
        raise RuleViolation(f"{incident} was not declared by the house itself.")
    if incident.is_open:
        _resolve(incident, by=None, via=Via.ENGINE, note=text)
    return incident


@transaction.atomic
def confirm_closure(incident_id: int, *, by: User, via: Via = Via.WEB, note: str = "") -> Incident:
    """Record that stakeholders confirmed and channels are closed, on the resolved incident (R28); once is enough.

    Raises RuleViolation before it is resolved, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if incident.status not in (Status.RESOLVED, Status.CLOSED):
        raise RuleViolation(f"{incident} is not resolved yet; there is no closure to confirm.")
    if incident.closure_confirmed_at is not None:
        return incident
    incident.closure_confirmed_at = house_clock.now()
    incident.closure_confirmed_by = by
    incident.save(update_fields=["closure_confirmed_at", "closure_confirmed_by"])
    remark = f" {note.strip()}" if note.strip() else ""
    timeline.record(
        incident, EventKind.CLOSURE_CONFIRMED, text=f"Closure confirmed by {by}.{remark}", actor=by, via=via
    )
    clocks.meet(incident, ClockName.CLOSURE)
    return incident


@transaction.atomic
def close(incident_id: int, *, by: User, via: Via = Via.WEB, note: str = "") -> Incident:
    """Close the resolved incident once its long-term items are done or waived (R22).

    Raises RuleViolation, naming what is missing, while the gate is open; NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    rules.check_transition(incident.status, Status.CLOSED)
    _require_open_gate(incident, Status.CLOSED)
    incident.status = Status.CLOSED
    incident.closed_at = house_clock.now()
    incident.save(update_fields=["status", "closed_at"])
    remark = f" {note.strip()}" if note.strip() else ""
    timeline.record(incident, EventKind.CLOSED, text=f"Closed by {by}.{remark}", actor=by, via=via)
    return incident


@transaction.atomic
def reopen(incident_id: int, *, by: User, via: Via = Via.WEB, reason: str = "") -> Incident:
    """Take the incident up again: the same one soon after *resolved*, later a new one that follows it (returned).

    Raises RuleViolation unless it is resolved or closed, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    return _take_up_again(incident, by=by, via=via, reason=reason)


@transaction.atomic
def reopen_by_alert(incident_id: int, *, text: str) -> Incident:
    """The alert fires again: as ``reopen``, by no person; what was being monitored is investigated again."""
    incident = locked(incident_id)
    if incident.status == Status.MONITORING:
        steps.move(incident, Status.INVESTIGATING, by=None, via=Via.ALERT, note=text)
        return incident
    return _take_up_again(incident, by=None, via=Via.ALERT, reason=text)


@transaction.atomic
def cancel(incident_id: int, *, reason: str, by: User, via: Via = Via.WEB) -> Incident:
    """End an open incident that was none; nobody is paged for it any more.

    Raises Invalid without a reason, RuleViolation unless it is open, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if not reason.strip():
        raise Invalid("Say why the incident is cancelled.", field="reason")
    rules.check_transition(incident.status, Status.CANCELLED)
    incident.status = Status.CANCELLED
    incident.save(update_fields=["status"])
    clocks.stop_all(incident)
    timeline.record(incident, EventKind.CANCELLED, text=f"Cancelled by {by}: {reason.strip()}", actor=by, via=via)
    return incident


@transaction.atomic
def merge(incident_id: int, *, into: int, by: User, via: Via = Via.WEB) -> Incident:
    """End an open incident as a part of another open one; whoever is involved in it becomes involved there.

    Raises Invalid for itself, RuleViolation unless both are open, and for a private one that would become readable as
    a part of one that is not, NotAllowed without the right on both.
    """
    if incident_id == into:
        raise Invalid("An incident cannot be merged into itself.", field="into")
    first, second = (locked(pk, by=by) for pk in sorted((incident_id, into)))
    incident, target = (first, second) if first.pk == incident_id else (second, first)
    access.require(by, access.Permission.RESPOND, incident)
    access.require(by, access.Permission.RESPOND, target)
    rules.check_transition(incident.status, Status.MERGED)
    if not target.is_open:
        raise RuleViolation(f"{target} is {target.get_status_display().lower()}; nothing can be merged into it.")
    if incident.private and not target.private:
        raise RuleViolation(f"{incident} is private, {target} is not: merged into it, all could read of it.")
    incident.status = Status.MERGED
    incident.merged_into = target
    incident.save(update_fields=["status", "merged_into"])
    clocks.stop_all(incident)
    granted = granting.take_grants_along(incident, target)
    for involvement in incident.involvements.select_related("person"):
        if (involvement.person_id, involvement.reason) not in granted:
            roles.involve(target, involvement.person, reason=f"{involvement.reason} in {incident}")
    timeline.record(
        incident, EventKind.MERGED, text=f"Merged into {target} by {by}.", actor=by, via=via, data={"into": str(target)}
    )
    timeline.record(
        target, EventKind.NOTE, text=f"{incident} was merged into this one: {incident.title}", actor=by, via=via
    )
    return incident


def _resolve(incident: Incident, *, by: User | None, via: Via, note: str) -> None:
    incident.status = Status.RESOLVED
    incident.resolved_at = house_clock.now()
    incident.save(update_fields=["status", "resolved_at"])
    after = in_words(incident.resolved_at - incident.declared_at)
    whom = f" by {by}" if by else ""
    remark = f" {note.strip()}" if note.strip() else ""
    timeline.record(
        incident,
        EventKind.RESOLVED,
        text=f"Resolved{whom} after {after}.{remark}",
        actor=by,
        via=via,
        data={"note": note},
    )
    if incident.acknowledged_at is None:
        clocks.stop(incident, ClockName.RESPONSE)
    clocks.meet(incident, ClockName.RESOLUTION, at=incident.resolved_at)


def _take_up_again(incident: Incident, *, by: User | None, via: Via, reason: str) -> Incident:
    if incident.status not in (Status.RESOLVED, Status.CLOSED) or incident.resolved_at is None:
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; it cannot be reopened.")
    again = house_clock.now()
    if not queries.may_be_reopened(incident, at=again):
        if (follower := incident.followed_by.filter(status__in=OPEN).first()) is not None:
            return follower
        return declare(
            title=incident.title,
            severity=incident.severity,
            team=incident.team,
            by=by,
            via=via,
            summary=incident.summary,
            services=list(incident.services.all()),
            detection=Detection(incident.detection),
            private=incident.private,
            drill=incident.drill,
            follows=incident,
        )
    incident.status = Status.INVESTIGATING
    incident.response_started_at = again
    incident.acknowledged_at = incident.acknowledged_by = None
    incident.resolved_at = incident.closure_confirmed_at = incident.closure_confirmed_by = None
    incident.save()
    _check_recovery_anew(incident)
    whom = f" by {by}" if by else ""
    remark = f": {reason.strip()}" if reason.strip() else "."
    timeline.record(incident, EventKind.REOPENED, text=f"Reopened{whom}{remark}", actor=by, via=via, at=again)
    severity = incident.severity
    clocks.start(incident, ClockName.RESPONSE, due_at=again + severity.response_time, started_at=again)
    clocks.start(
        incident,
        ClockName.RESOLUTION,
        due_at=incident.declared_at + severity.resolution_target,
        started_at=incident.declared_at,
    )
    backups.plan(incident)
    return incident


def _check_recovery_anew(incident: Incident) -> None:
    """The fix did not hold: its verification and the immediate recovery are open once more."""
    resolution = incident.resolution
    resolution.verified, resolution.unverified_reason = False, ""
    resolution.save()
    for item in incident.checklist.filter(part=ChecklistPart.IMMEDIATE):
        item.done, item.waived_reason, item.by, item.at = False, "", None, None
        item.save()


def _require_open_gate(incident: Incident, wanted: Status) -> None:
    if missing := queries.missing_for(incident, wanted):
        raise RuleViolation(
            f"{incident} cannot be {wanted.label.lower()} yet. Missing: {_listed(missing)}", missing=missing
        )


def _listed(missing: tuple[Missing, ...]) -> str:
    return "; ".join(item.text.rstrip(".") for item in missing) + "."
