"""Fills the response roles: invites the primaries, pages the backups, and hands roles over (R5, R6)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.durations import Fixed, Fraction, Targets, parse_delay
from apps.core.errors import Invalid, RuleViolation
from apps.engine import actions as engine
from apps.incidents import queries, timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import (
    EventKind,
    Incident,
    Involvement,
    ResponseRole,
    RoleAssignment,
    RoleInvitation,
    Status,
    Via,
)
from apps.teams import access
from apps.teams.models import User

BACKUP = "incidents.role_backup"


@transaction.atomic
def assign_role(incident_id: int, *, role: str, person: User, by: User, via: Via = Via.WEB) -> Incident:
    """Give ``person`` the role, taking it from whoever held it; the handover is on the timeline (R6).

    Giving a role to its holder changes nothing. Raises Invalid for an unknown role or a deactivated person,
    RuleViolation once the incident is closed, NotAllowed without the right.
    """
    incident = locked(incident_id, by=by)
    access.require(by, access.Permission.RESPOND, incident)
    if incident.status in (Status.CLOSED, Status.CANCELLED, Status.MERGED):
        raise RuleViolation(f"{incident} is {incident.get_status_display().lower()}; its roles are settled.")
    response_role = ResponseRole.objects.filter(key=role).first()
    if response_role is None:
        raise Invalid(f"There is no response role {role}.", field="role")
    if not person.is_active:
        raise Invalid(f"{person} is deactivated.", field="user")
    held = incident.role_assignments.filter(role=response_role, until__isnull=True).select_related("person").first()
    if held is not None and held.person_id == person.pk:
        return incident
    now = house_clock.now()
    if held is not None:
        held.until = now
        held.save()
    RoleAssignment.objects.create(incident=incident, role=response_role, person=person, since=now)
    involve(incident, person, reason=response_role.name)
    engine.cancel_key(_backup_key(incident, response_role))
    taken = f"{person} takes {response_role.name}" if person == by else f"{by} gives {response_role.name} to {person}"
    over = f", handed over by {held.person}" if held else ""
    timeline.record(
        incident,
        EventKind.ROLE_ASSIGNED,
        text=f"{taken}{over}.",
        actor=by,
        via=via,
        data={"role": role, "person": person.pk, "from": held.person_id if held else None},
    )
    return incident


def invite_primaries(incident: Incident) -> list[RoleInvitation]:
    """Invite the primary of each role, and plan when the backup is paged; returns the invitations, unannounced."""
    invitations = []
    targets = Targets(response=incident.severity.response_time, resolution=incident.severity.resolution_target)
    for role in ResponseRole.objects.all():
        invitations += _invite(incident, role, position=1)
        delay = parse_delay(role.backup_after)
        if isinstance(delay, Fixed | Fraction):
            span = delay.span(targets) if isinstance(delay, Fraction) else delay.span
            _plan(incident, role, position=2, after=span)
    return invitations


def announce(incident: Incident, invitations: list[RoleInvitation]) -> None:
    """Put invitations on the timeline; who invites by page is said in the event's data."""
    for invitation in invitations:
        backup = invitation.position > 1
        timeline.record(
            incident,
            EventKind.ROLE_INVITED,
            text=f"{invitation.person} asked to take {invitation.role}{' as backup' if backup else ''}.",
            data={"role": invitation.role.key, "person": invitation.person_id, "page": backup},
        )


@transaction.atomic
def invite_next(incident_id: int, *, role: int, position: int) -> None:
    """Page the candidate at ``position`` if the role is still vacant and the incident open; say so if there is none."""
    incident = locked(incident_id)
    response_role = ResponseRole.objects.get(pk=role)
    if not incident.is_open or queries.holder_of(incident, response_role.key) is not None:
        return
    invitations = _invite(incident, response_role, position=position)
    announce(incident, invitations)
    if not invitations:
        timeline.record(
            incident,
            EventKind.ROLE_VACANT,
            text=f"{response_role} is vacant: nobody took it and no further backup can be reached.",
            data={"role": response_role.key},
        )


def involve(incident: Incident, person: User, *, reason: str) -> None:
    """Let ``person`` see and answer the incident, whichever teams they belong to; the first reason stays."""
    Involvement.objects.get_or_create(
        incident=incident, person=person, defaults={"reason": reason, "since": house_clock.now()}
    )


def _invite(incident: Incident, role: ResponseRole, *, position: int) -> list[RoleInvitation]:
    invitations = []
    for person in queries.candidates(role, incident.team, position=position):
        invitation, created = RoleInvitation.objects.get_or_create(
            incident=incident, role=role, person=person,
            defaults={"position": position, "invited_at": house_clock.now()},
        )  # fmt: skip
        involve(incident, person, reason=f"asked to take {role.name}")
        if created:
            invitations.append(invitation)
    return invitations


def _plan(incident: Incident, role: ResponseRole, *, position: int, after: timedelta) -> None:
    engine.schedule(
        BACKUP,
        due_at=incident.declared_at + after,
        key=_backup_key(incident, role),
        subject=f"incident:{incident.pk}",
        payload={"incident": incident.pk, "role": role.pk, "position": position},
    )


def _backup_key(incident: Incident, role: ResponseRole) -> str:
    return f"{BACKUP}:{incident.pk}:{role.pk}"
