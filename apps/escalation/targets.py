"""Who stands behind a target of a level, at the moment it fires and not before (design, "Escalation run")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.contacts.models import EmergencyContact
from apps.escalation.models import LevelTarget, TargetKind
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, ResponseRole
from apps.notifications import queries as reach
from apps.rosters import queries as rosters
from apps.rosters.models import Roster
from apps.teams.models import Team, User


@dataclass(frozen=True, slots=True)
class Found:
    """To whom targets lead at an instant: who can be reached, and in words who cannot and what leads to nobody."""

    people: list[User]
    missed: list[str]


def snapshot(target: LevelTarget) -> dict[str, Any]:
    """The target in the form in which a run keeps it."""
    referred = target.role or target.contact or target.person or target.roster
    return {"kind": target.kind, "id": referred.pk if referred else None, "label": str(target)}


def find(targets: Iterable[dict[str, Any]], *, team: Team, incident: Incident, at: datetime) -> Found:
    """Whom the targets reach at that instant, each person once, in the order of the targets.

    A role is its holder in ``incident`` if they can be reached, else the first of its candidates who can.
    """
    reached: dict[int, User] = {}
    missed: dict[int | str, str] = {}
    for target in targets:
        asked = _RESOLVERS[TargetKind(target["kind"])](target["id"], team, incident, at)
        able = {person.pk: person for person in reach.reachable(asked)}
        reached |= {pk: person for pk, person in able.items() if pk not in reached}
        missed |= {person.pk: str(person) for person in asked if person.pk not in able}
        if not asked:
            missed[target["label"]] = f"{target['label']}: nobody"
    return Found(people=list(reached.values()), missed=list(missed.values()))


def _on_call(_: int, team: Team, incident: Incident, at: datetime) -> list[User]:
    return rosters.on_call_people(team, at)


def _roster(pk: int, team: Team, incident: Incident, at: datetime) -> list[User]:
    roster = Roster.objects.filter(pk=pk).first()
    return rosters.people_on(roster, at) if roster else []


def _role(pk: int, team: Team, incident: Incident, at: datetime) -> list[User]:
    """Whoever is to be asked in order, up to the first who can be reached; all of them if nobody can."""
    role = ResponseRole.objects.filter(pk=pk).first()
    asked: list[User] = []
    for people in _in_order(role, team, incident, at) if role else ():
        asked += people
        if reach.reachable(people):
            break
    return asked


def _in_order(role: ResponseRole, team: Team, incident: Incident, at: datetime) -> Iterator[list[User]]:
    holder = incidents.holder_of(incident, role.key)
    if holder is not None:
        yield [holder]
    for position in incidents.candidate_positions(role, team):
        yield incidents.candidates(role, team, position=position, at=at)


def _contact(pk: int, team: Team, incident: Incident, at: datetime) -> list[User]:
    contact = EmergencyContact.objects.select_related("person").filter(pk=pk).first()
    return [contact.person] if contact and contact.person else []


def _person(pk: int, team: Team, incident: Incident, at: datetime) -> list[User]:
    return list(User.objects.filter(pk=pk))


_Resolver = Callable[[int, Team, Incident, datetime], list[User]]
_RESOLVERS: dict[TargetKind, _Resolver] = {
    TargetKind.ON_CALL: _on_call,
    TargetKind.ROSTER: _roster,
    TargetKind.ROLE: _role,
    TargetKind.CONTACT: _contact,
    TargetKind.PERSON: _person,
}
