"""Asks for the response roles: the primary at once, then one candidate more each time nobody took it in time (R6).

Lock order: the incident's row is locked by the caller, or here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from apps.contacts import queries as contacts
from apps.core import clock as house_clock
from apps.core.durations import Targets, parse_delay
from apps.engine import actions as engine
from apps.incidents import queries, timeline
from apps.incidents.actions import roles
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, ResponseRole, RoleInvitation
from apps.teams.models import User

BACKUP = "incidents.role_backup"
FIRST_BACKUP = 2


def ask_primaries(incident: Incident) -> list[RoleInvitation]:
    """Invite the primary of each role and plan when backups are asked; returns the invitations, unannounced."""
    asked = [
        _invite(incident, role, person, position=1)
        for role in ResponseRole.objects.all()
        for person in queries.candidates(role, incident.team, position=1)
    ]
    plan(incident)
    return asked


def announce(incident: Incident, invitations: list[RoleInvitation]) -> None:
    """Put invitations on the timeline; who invites by page is said in the event's data."""
    for invitation in invitations:
        backup = invitation.position >= FIRST_BACKUP
        timeline.record(
            incident,
            EventKind.ROLE_INVITED,
            text=f"{invitation.person} asked to take {invitation.role}{' as backup' if backup else ''}.",
            data={"role": invitation.role.key, "person": invitation.person_id, "page": backup},
        )


def plan(incident: Incident) -> None:
    """Plan when the next backup of a vacant role is asked, by the incident's severity and since its response began."""
    vacant = _vacant(incident)
    if any(_is_late(incident, role) for role in vacant):
        _look_at(incident, house_clock.now())
    else:
        _plan_next_wait(incident, vacant)


@transaction.atomic
def ask_backups(incident_id: int) -> None:
    """Ask the next candidate of every role that has waited long enough, and plan the next look.

    Whoever has no way to be reached is passed over at once, and the timeline says so; a role whose candidates are all
    asked is called vacant, once.
    """
    incident = locked(incident_id)
    if not incident.is_open:
        return
    asked: list[RoleInvitation] = []
    for role in _vacant(incident):
        asked += _ask_for(incident, role)
    announce(incident, asked)
    _plan_next_wait(incident, _vacant(incident))


def _plan_next_wait(incident: Incident, vacant: list[ResponseRole]) -> None:
    now = house_clock.now()
    ahead = [due for role in vacant for due in _waits(incident, role) if due > now]
    if ahead:
        _look_at(incident, min(ahead))
    else:
        engine.cancel_key(_key(incident))


def _look_at(incident: Incident, due_at: datetime) -> None:
    engine.schedule(
        BACKUP,
        due_at=due_at,
        key=_key(incident),
        subject=f"incident:{incident.pk}",
        payload={"incident": incident.pk},
    )


def _ask_for(incident: Incident, role: ResponseRole) -> list[RoleInvitation]:
    """Invite as many backups as waits are over."""
    asked: list[RoleInvitation] = []
    behind = _waits_over(incident, role) - len(_asked_backups(incident, role))
    for position in _positions_left(incident, role):
        if behind <= 0:
            break
        people = queries.candidates(role, incident.team, position=position)
        reachable = contacts.can_be_paged(people)
        asked += [_invite(incident, role, person, position=position) for person in reachable]
        behind -= bool(reachable)
        for person in people:
            if person not in reachable:
                text = f"{person} cannot be reached and is not asked to take {role}."
                timeline.record(incident, EventKind.NOTE, text=text)
    if behind > 0:
        _call_vacant(incident, role)
    return asked


def _call_vacant(incident: Incident, role: ResponseRole) -> None:
    told = incident.timeline.filter(
        kind=EventKind.ROLE_VACANT, data__role=role.key, at__gte=incident.response_started_at
    )
    if not told.exists():
        text = f"{role} is vacant: nobody took it and no further backup can be reached."
        timeline.record(incident, EventKind.ROLE_VACANT, text=text, data={"role": role.key})


def _invite(incident: Incident, role: ResponseRole, person: User, *, position: int) -> RoleInvitation:
    now = house_clock.now()
    invitation, _ = RoleInvitation.objects.update_or_create(
        incident=incident, role=role, person=person, defaults={"position": position, "invited_at": now}
    )
    roles.involve(incident, person, reason=f"asked to take {role.name}")
    return invitation


def _vacant(incident: Incident) -> list[ResponseRole]:
    return [holder.role for holder in queries.holders(incident) if holder.person is None]


def _asked_backups(incident: Incident, role: ResponseRole) -> set[int]:
    """The positions that were asked since the response began."""
    invited = RoleInvitation.objects.filter(
        incident=incident, role=role, position__gte=FIRST_BACKUP, invited_at__gte=incident.response_started_at
    )
    return set(invited.values_list("position", flat=True))


def _positions_left(incident: Incident, role: ResponseRole) -> list[int]:
    asked = _asked_backups(incident, role)
    positions = queries.candidate_positions(role, incident.team)
    return [position for position in positions if position >= FIRST_BACKUP and position > max(asked, default=0)]


def _waits(incident: Incident, role: ResponseRole) -> Iterator[datetime]:
    """When one more backup is due: one wait each, and one last at whose end the role is vacant."""
    delay = parse_delay(role.backup_after)
    severity, calendar = incident.severity, queries.calendar_of(incident.team)
    targets = Targets(response=severity.response_time, resolution=severity.resolution_target)
    instant = incident.response_started_at
    backups = [position for position in queries.candidate_positions(role, incident.team) if position >= FIRST_BACKUP]
    for _ in range(len(backups) + 1):
        instant = delay.due(instant, targets=targets, calendar=calendar)
        yield instant


def _waits_over(incident: Incident, role: ResponseRole) -> int:
    now = house_clock.now()
    return len([due for due in _waits(incident, role) if due <= now])


def _is_late(incident: Incident, role: ResponseRole) -> bool:
    """Whether somebody should have been asked already: the severity got worse, and its time is shorter."""
    return _waits_over(incident, role) > len(_asked_backups(incident, role)) and bool(_positions_left(incident, role))


def _key(incident: Incident) -> str:
    return f"{BACKUP}:{incident.pk}"
