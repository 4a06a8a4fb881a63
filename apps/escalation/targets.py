"""Who stands behind the targets of a level, at the moment it fires and not before (design, "Escalation run")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.contacts.models import EmergencyContact, WebhookEndpoint
from apps.escalation.models import LevelTarget, OutsideHours, TargetKind
from apps.escalation.models.policies import REFERENCES
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, ResponseRole
from apps.notifications import queries as reach
from apps.rosters import queries as rosters
from apps.rosters.models import Roster
from apps.teams.models import Team, TeamRole, User
from apps.teams.queries import is_a_person

Snapshot = Mapping[str, Any]

#: Whom the target "team" pages: who answers by role. Managers keep rosters, stakeholders and auditors read.
RESPONDING = (TeamRole.RESPONDER, TeamRole.COMMANDER)


@dataclass(frozen=True, slots=True)
class Found:
    """To whom targets lead at an instant: who can be reached, and in words who cannot and what leads to nobody.

    ``endpoints`` stand behind webhooks: they are always told, but an endpoint wakes nobody and never answers, so that
    it counts for nothing else.
    """

    people: list[User]
    missed: list[str]
    endpoints: list[User]


def snapshot(target: LevelTarget) -> dict[str, Any]:
    """The target in the form in which a run keeps it."""
    reference = REFERENCES.get(TargetKind(target.kind))
    return {
        "kind": target.kind,
        "id": getattr(target, f"{reference}_id") if reference else None,
        "label": str(target),
        "outside_hours": target.outside_hours,
    }


def asked(
    targets: Iterable[Snapshot], *, outside_hours: str, opening: Callable[[datetime], datetime], at: datetime
) -> list[Snapshot]:
    """Those of ``targets`` that are asked at that instant, by what the level does outside working hours.

    ``opening`` gives the first instant from another on at which work is done; it is asked only where it matters.
    """
    if outside_hours != OutsideHours.OTHER:
        return list(targets)
    outside = opening(at) > at
    return [target for target in targets if target.get("outside_hours", False) == outside]


class Lookup:
    """Looks up who stands behind targets for a team at an instant; ``incident`` None: for a policy, none runs.

    Each target is asked once, however often it is looked up: what several levels and rounds share costs nothing more.
    """

    def __init__(self, *, team: Team | None, incident: Incident | None, at: datetime) -> None:
        self._team = team
        self._incident = incident
        self._at = at
        self._asked: dict[tuple[str, int | None], tuple[list[User], set[int]]] = {}

    def find(self, targets: Iterable[Snapshot]) -> Found:
        """Whom the targets reach, each person once, in the order of the targets.

        A role is its holder in the incident if they can be reached, else the first of its candidates who can.
        """
        reached: dict[int, User] = {}
        endpoints: dict[int, User] = {}
        missed: dict[int | str, str] = {}
        for target in targets:
            asked, able = self._ask(target)
            into = endpoints if target["kind"] == TargetKind.WEBHOOK else reached
            into |= {person.pk: person for person in asked if person.pk in able and person.pk not in into}
            missed |= {person.pk: str(person) for person in asked if person.pk not in able}
            if not asked:
                missed[target["label"]] = f"{target['label']}: nobody"
        return Found(people=list(reached.values()), missed=list(missed.values()), endpoints=list(endpoints.values()))

    def _ask(self, target: Snapshot) -> tuple[list[User], set[int]]:
        """Whom a target means, and which of them can be reached."""
        key = target["kind"], target["id"]
        if key not in self._asked:
            asked = _RESOLVERS[TargetKind(target["kind"])](self, target["id"])
            self._asked[key] = asked, {person.pk for person in reach.reachable(asked)}
        return self._asked[key]

    def on_call(self, _: int) -> list[User]:
        return rosters.on_call_people(self._team, self._at) if self._team else []

    def roster(self, pk: int) -> list[User]:
        roster = Roster.objects.filter(pk=pk).first()
        return rosters.people_on(roster, self._at) if roster else []

    def next(self, pk: int) -> list[User]:
        roster = Roster.objects.filter(pk=pk).first()
        return rosters.next_people_on(roster, self._at) if roster else []

    def team(self, pk: int) -> list[User]:
        members = User.objects.filter(memberships__team=pk, memberships__role__in=RESPONDING, is_active=True)
        return list(members.filter(is_a_person()).distinct())

    def role(self, pk: int) -> list[User]:
        """Whoever is to be asked in order, up to the first who can be reached; all of them if nobody can."""
        role = ResponseRole.objects.filter(pk=pk).first()
        asked: list[User] = []
        for people in self._in_order(role) if role else ():
            asked += people
            if reach.reachable(people):
                break
        return asked

    def _in_order(self, role: ResponseRole) -> Iterator[list[User]]:
        holder = incidents.holder_of(self._incident, role.key) if self._incident else None
        if holder is not None:
            yield [holder]
        if self._team is None:
            return
        for position in incidents.candidate_positions(role, self._team):
            yield incidents.candidates(role, self._team, position=position, at=self._at)

    def contact(self, pk: int) -> list[User]:
        contact = EmergencyContact.objects.select_related("person").filter(pk=pk).first()
        return [contact.person] if contact and contact.person else []

    def person(self, pk: int) -> list[User]:
        return list(User.objects.filter(pk=pk))

    def webhook(self, pk: int) -> list[User]:
        """Who stands behind an endpoint that is in use."""
        return [
            endpoint.person
            for endpoint in WebhookEndpoint.objects.filter(pk=pk, retired_at=None).select_related("person")
        ]


_RESOLVERS: dict[TargetKind, Callable[[Lookup, int], list[User]]] = {
    TargetKind.ON_CALL: Lookup.on_call,
    TargetKind.ROSTER: Lookup.roster,
    TargetKind.NEXT: Lookup.next,
    TargetKind.TEAM: Lookup.team,
    TargetKind.ROLE: Lookup.role,
    TargetKind.CONTACT: Lookup.contact,
    TargetKind.PERSON: Lookup.person,
    TargetKind.WEBHOOK: Lookup.webhook,
}
