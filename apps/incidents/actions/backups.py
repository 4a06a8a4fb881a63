"""Asks for the response roles: the primary at once, then one candidate more each time nobody took it in time (R6).

The caller holds the lock of the incident's row, but for ``ask_backups``, which takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
from apps.incidents.queries import PRIMARY
from apps.teams.models import User

BACKUP = "incidents.role_backup"


def ask_primaries(incident: Incident) -> list[RoleInvitation]:
    """Invite the primary of each role of an incident that begins, and plan when backups are asked.

    Returns the invitations, unannounced.
    """
    primaries = queries.primaries(incident.team, at=incident.declared_at)
    asked = _invite(
        incident, [(role, person) for role, people in primaries.items() for person in people], position=PRIMARY,
        at=incident.declared_at,
    )  # fmt: skip
    _plan(incident, [_wait(incident, role, since=incident.response_started_at) for role in primaries])
    return asked


def announce(incident: Incident, invitations: list[RoleInvitation]) -> None:
    """Put invitations on the timeline; who invites by page is said in the event's data."""
    told = []
    for invitation in invitations:
        backup = invitation.position > PRIMARY
        text = f"{invitation.person} asked to take {invitation.role}{' as backup' if backup else ''}."
        told.append((text, {"role": invitation.role.key, "person": invitation.person_id, "page": backup}))
    timeline.record_all(incident, EventKind.ROLE_INVITED, told)


def plan(incident: Incident, *, not_before: datetime | None = None) -> None:
    """Plan anew when the next backup of a vacant role is asked, by the incident's severity; at once if that is past."""
    waits = [max(wait, not_before or wait) for wait in _waits(incident).values()]
    if not waits:
        engine.cancel_key(key(incident))
    _plan(incident, waits)


def _plan(incident: Incident, waits: Collection[datetime]) -> None:
    if not waits:
        return
    engine.schedule(
        BACKUP,
        due_at=min(waits),
        key=key(incident),
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
    return {
        holder.role: _wait(incident, holder.role, since=last_asked.get(holder.role.pk, incident.response_started_at))
        for holder in queries.holders(incident)
        if holder.person is None and holder.role.key not in given_up
    }


def _wait(incident: Incident, role: ResponseRole, *, since: datetime) -> datetime:
    targets = Targets(response=incident.severity.response_time, resolution=incident.severity.resolution_target)
    calendar = queries.CalendarWhenAsked(incident.team)
    return parse_delay(role.backup_after).due(since, targets=targets, calendar=calendar)


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
            return _invite(incident, [(role, person) for person in reached], position=position, at=at)
    text = f"{role} is vacant: nobody took it and no further backup can be reached."
    timeline.record(incident, EventKind.ROLE_VACANT, text=text, data={"role": role.key})
    return []


def _invite(
    incident: Incident, asked: Iterable[tuple[ResponseRole, User]], *, position: int, at: datetime
) -> list[RoleInvitation]:
    """Ask each to take the role, or anew if they were asked before; two queries however many they are."""
    invitations = [
        RoleInvitation(incident=incident, role=role, person=person, position=position, invited_at=at)
        for role, person in dict.fromkeys(asked)
    ]
    RoleInvitation.objects.bulk_create(
        invitations, update_conflicts=True, unique_fields=["incident", "role", "person"],
        update_fields=["position", "invited_at"],
    )  # fmt: skip
    roles.involve_all(incident, [(each.person, f"asked to take {each.role.name}") for each in invitations])
    return invitations


def _backups_asked(incident: Incident) -> QuerySet[RoleInvitation]:
    """Which backups were asked since the response began."""
    return RoleInvitation.objects.filter(
        incident=incident, position__gt=PRIMARY, invited_at__gte=incident.response_started_at
    )


def key(incident: Incident) -> str:
    """The key of the timer that asks the next backup."""
    return f"{BACKUP}:{incident.pk}"
