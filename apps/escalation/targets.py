"""Who stands behind a target of a level, at the moment it fires and not before (design, "Escalation run")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from apps.contacts.models import EmergencyContact
from apps.escalation.models import LevelTarget, TargetKind
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, ResponseRole
from apps.rosters import queries as rosters
from apps.rosters.models import Roster
from apps.teams.models import Team, User


def snapshot(target: LevelTarget) -> dict[str, Any]:
    """The target in the form in which a run keeps it."""
    referred = target.role or target.contact or target.person or target.roster
    return {"kind": target.kind, "id": referred.pk if referred else None, "label": str(target)}


def people(targets: Iterable[dict[str, Any]], *, team: Team, incident: Incident | None, at: datetime) -> list[User]:
    """The active people behind the targets at that instant, each once, in the order of the targets.

    A role is its holder in ``incident``, else its primary, else its backup.
    """
    found: dict[int, User] = {}
    for target in targets:
        for person in _RESOLVERS[TargetKind(target["kind"])](target["id"], team, incident, at):
            if person.is_active:
                found.setdefault(person.pk, person)
    return list(found.values())


def _on_call(_: int, team: Team, incident: Incident | None, at: datetime) -> list[User]:
    return rosters.on_call_people(team, at)


def _roster(pk: int, team: Team, incident: Incident | None, at: datetime) -> list[User]:
    roster = Roster.objects.filter(pk=pk).first()
    return rosters.people_on(roster, at) if roster else []


def _role(pk: int, team: Team, incident: Incident | None, at: datetime) -> list[User]:
    role = ResponseRole.objects.filter(pk=pk).first()
    if role is None:
        return []
    if incident is not None and (holder := incidents.holder_of(incident, role.key)) is not None:
        return [holder]
    return incidents.candidates(role, team, position=1, at=at) or incidents.candidates(role, team, position=2, at=at)


def _contact(pk: int, team: Team, incident: Incident | None, at: datetime) -> list[User]:
    contact = EmergencyContact.objects.select_related("person").filter(pk=pk).first()
    return [contact.person] if contact and contact.person else []


def _person(pk: int, team: Team, incident: Incident | None, at: datetime) -> list[User]:
    return list(User.objects.filter(pk=pk))


_Resolver = Callable[[int, Team, Incident | None, datetime], list[User]]
_RESOLVERS: dict[TargetKind, _Resolver] = {
    TargetKind.ON_CALL: _on_call,
    TargetKind.ROSTER: _roster,
    TargetKind.ROLE: _role,
    TargetKind.CONTACT: _contact,
    TargetKind.PERSON: _person,
}
