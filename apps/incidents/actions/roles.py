"""Fills the response roles: invites the primaries, pages the backups, and hands roles over (R5, R6)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from apps.core import clock as house_clock
from apps.core.errors import Invalid, RuleViolation
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import (
    EventKind,
    Incident,
    Involvement,
    ResponseRole,
    RoleAssignment,
    Status,
    Via,
)
from apps.teams import access
from apps.teams.models import User


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
    if access.only_reads(person):
        raise Invalid(f"{person} reads and changes nothing here; a role is for who responds.", field="user")
    held = incident.role_assignments.filter(role=response_role, until__isnull=True).select_related("person").first()
    if held is not None and held.person_id == person.pk:
        return incident
    now = house_clock.now()
    if held is not None:
        held.until = now
        held.save()
        # Whoever was paged, asked for another role or declared it stays involved for that.
        incident.involvements.filter(person=held.person, reason=response_role.name).delete()
    RoleAssignment.objects.create(incident=incident, role=response_role, person=person, since=now)
    involve(incident, person, reason=response_role.name)
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


def involve(incident: Incident, person: User, *, reason: str) -> None:
    """Let ``person`` see and answer the incident, whichever teams they belong to; once for each reason."""
    involve_all(incident, [(person, reason)])


def involve_all(incident: Incident, people: Iterable[tuple[User, str]]) -> None:
    """Let each person, for their reason, see and answer the incident, as ``involve`` does; one query."""
    now = house_clock.now()
    Involvement.objects.bulk_create(
        [Involvement(incident=incident, person=person, reason=reason[:80], since=now) for person, reason in people],
        ignore_conflicts=True,
    )
