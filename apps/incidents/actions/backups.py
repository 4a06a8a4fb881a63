"""Asks for the response roles: the primary at once, then one candidate more each time nobody took it in time (R6).

The caller holds the lock of the incident's row, but for ``ask_backups``, which takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.contacts import queries as contacts
from apps.core import clock as house_clock
from apps.core.durations import Targets, parse_delay
from apps.engine import actions as engine
from apps.incidents import maintenance, queries, timeline
from apps.incidents.actions import roles
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, ResponseRole, RoleInvitation
from apps.teams.models import Team, User

BACKUP = "incidents.role_backup"
PRIMARY = 1


@dataclass(frozen=True, slots=True)
class _CalendarWhenAsked:
    """The team's calendar, read only for a wait in business days: one that cannot be read stops no declaration."""

    team: Team

    def end_of_next_business_day(self, after: datetime) -> datetime:
        return queries.calendar_of(self.team).end_of_next_business_day(after)


def ask_primaries(incident: Incident) -> list[RoleInvitation]:
    """Invite the primary of each role and plan when backups are asked; returns the invitations, unannounced."""
    asked = [
        _invite(incident, role, person, position=PRIMARY, at=incident.declared_at)
        for role in ResponseRole.objects.all()
        for person in queries.candidates(role, incident.team, position=PRIMARY)
    ]
    plan(incident)
    return asked


def announce(incident: Incident, invitations: list[RoleInvitation]) -> None:
    """Put invitations on the timeline; who invites by page is said in the event's data."""
    for invitation in invitations:
        backup = invitation.position > PRIMARY
        timeline.record(
            incident,
            EventKind.ROLE_INVITED,
            text=f"{invitation.person} asked to take {invitation.role}{' as backup' if backup else ''}.",
            data={"role": invitation.role.key, "person": invitation.person_id, "page": backup},
        )


def plan(incident: Incident, *, not_before: datetime | None = None) -> None:
    """Plan anew when the next backup of a vacant role is asked, by the incident's severity; at once if that is past."""
    waits = _waits(incident)
    if not waits:
        engine.cancel_key(_key(incident))
        return
    engine.schedule(
        BACKUP,
        due_at=max(filter(None, (min(waits.values()), not_before))),
        key=_key(incident),
        subject=f"incident:{incident.pk}",
        payload={"incident": incident.pk},
    )


@transaction.atomic
def ask_backups(incident_id: int) -> None:
    """Ask the next candidate of every role that has waited long enough, and plan when the ones after them are asked.

    Whoever has no way to be reached is passed over at once, and the timeline says so. Each who is asked has the role's
    whole wait to take it; a role that nobody is left to be asked for is called vacant, once for each response.
    """
    incident = locked(incident_id)
    if not incident.is_open:
        return
    # One instant for all: roles that came together wait together, and one page names them.
    now = house_clock.now()
    if (held := maintenance.holding(incident, at=now)) is not None:
        plan(incident, not_before=held.until)
        return
    asked: list[RoleInvitation] = []
    for role, due in _waits(incident).items():
        if due <= now:
            asked += _ask_next(incident, role, at=now)
    announce(incident, asked)
    plan(incident)


def _waits(incident: Incident) -> dict[ResponseRole, datetime]:
    """When each vacant role asks its next backup: a wait after the last was asked, or after the response began."""
    called = incident.timeline.filter(kind=EventKind.ROLE_VACANT, at__gte=incident.response_started_at)
    given_up = set(called.values_list("data__role", flat=True))
    last_asked = dict(_backups_asked(incident).order_by("invited_at").values_list("role_id", "invited_at"))
    targets = Targets(response=incident.severity.response_time, resolution=incident.severity.resolution_target)
    calendar = _CalendarWhenAsked(incident.team)
    return {
        holder.role: parse_delay(holder.role.backup_after).due(
            last_asked.get(holder.role.pk, incident.response_started_at), targets=targets, calendar=calendar
        )
        for holder in queries.holders(incident)
        if holder.person is None and holder.role.key not in given_up
    }


def _ask_next(incident: Incident, role: ResponseRole, *, at: datetime) -> list[RoleInvitation]:
    """Invite whoever stands at the next position that can be reached, or call the role vacant."""
    asked = dict(_backups_asked(incident).filter(role=role).values_list("person_id", "position"))
    for position in queries.candidate_positions(role, incident.team):
        if position <= max(asked.values(), default=PRIMARY):
            continue
        people = [
            person
            for person in queries.candidates(role, incident.team, position=position, at=at)
            if person.pk not in asked
        ]
        reached = contacts.can_be_paged(people)
        for person in people:
            if person not in reached:
                text = f"{person} cannot be reached and is not asked to take {role}."
                timeline.record(incident, EventKind.NOTE, text=text)
        if reached:
            return [_invite(incident, role, person, position=position, at=at) for person in reached]
    text = f"{role} is vacant: nobody took it and no further backup can be reached."
    timeline.record(incident, EventKind.ROLE_VACANT, text=text, data={"role": role.key})
    return []


def _invite(incident: Incident, role: ResponseRole, person: User, *, position: int, at: datetime) -> RoleInvitation:
    invitation, _ = RoleInvitation.objects.update_or_create(
        incident=incident, role=role, person=person, defaults={"position": position, "invited_at": at}
    )
    roles.involve(incident, person, reason=f"asked to take {role.name}")
    return invitation


def _backups_asked(incident: Incident) -> QuerySet[RoleInvitation]:
    """Which backups were asked since the response began."""
    return RoleInvitation.objects.filter(
        incident=incident, position__gt=PRIMARY, invited_at__gte=incident.response_started_at
    )


def _key(incident: Incident) -> str:
    return f"{BACKUP}:{incident.pk}"
