"""Reads of incidents: what a person may see, what runs, who holds which role, what a gate waits for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.catalog.models import Service
from apps.core import clock as house_clock
from apps.core.business_calendar import WorkingWeek
from apps.core.errors import Invalid, Missing
from apps.incidents import rules
from apps.incidents.models import (
    ENDED,
    OPEN,
    AccessGrant,
    Clock,
    EventKind,
    Incident,
    Involvement,
    Procedures,
    Resolution,
    ResponderRequest,
    ResponseRole,
    RoleAssignment,
    RoleCandidate,
    RoleInvitation,
    Status,
)
from apps.rosters import queries as rosters
from apps.teams import access
from apps.teams.models import Team, User

#: The position of whoever is asked first to take a role.
PRIMARY = 1

REFERENCE = re.compile(r"INC-([1-9][0-9]{0,17})", re.IGNORECASE)


@dataclass(frozen=True)
class RoleHolder:
    """A response role of an incident and who holds it, if anybody."""

    role: ResponseRole
    person: User | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class CalendarWhenAsked:
    """The team's calendar, read only for a wait in business days: one that cannot be read stops no declaration."""

    team: Team

    def end_of_next_business_day(self, after: datetime) -> datetime:
        return calendar_of(self.team).end_of_next_business_day(after)


def procedures_in_force() -> Procedures:
    """The organisation's procedures. Raises Procedures.DoesNotExist before the first were applied."""
    return Procedures.objects.get()


def calendar_of(team: Team) -> WorkingWeek:
    """When the team works, by its own calendar or else the procedures': what *next business day* means there."""
    return team.calendar(procedures_in_force().business_calendar)


def may_be_reopened(incident: Incident, *, at: datetime) -> bool:
    """Whether the incident goes on itself when it is taken up again; later a new one follows it (requirements)."""
    soon_enough = incident.resolved_at is not None and at - incident.resolved_at <= procedures_in_force().reopen_within
    return incident.status == Status.RESOLVED and soon_enough


def visible_to(person: access.Viewer) -> QuerySet[Incident]:
    """The incidents ``person`` may see, by the same rule as ``access.may`` (default deny)."""
    if not person.is_authenticated or not person.is_active:
        return Incident.objects.none()
    themselves = Q(private=True, team__in=access.commanded_team_ids(person))
    if access.may_be_involved(person):
        themselves |= Q(Exists(Involvement.objects.filter(incident=OuterRef("pk"), person=person)))
    shared = Q(private=False)
    if not access.is_administrator(person):
        shared &= Q(team__in=access.team_ids(person, access.Permission.VIEW))
    return Incident.objects.filter(access.in_reach(person), shared | themselves)


def open_incidents(person: access.Viewer) -> QuerySet[Incident]:
    """Those of ``visible_to`` that are declared to monitoring."""
    return visible_to(person).filter(status__in=OPEN)


def by_reference(reference: str, among: QuerySet[Incident] | None = None) -> Incident:
    """The incident named INC-7. Raises Incident.DoesNotExist, also for what is no reference."""
    incidents = Incident.objects.all() if among is None else among
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise Incident.DoesNotExist(f"{reference} is not an incident's number.")
    return incidents.select_related("severity", "team", "procedures").get(pk=int(match[1]))


def current_clocks(incidents: Iterable[Incident]) -> dict[int, dict[str, Clock]]:
    """The latest clock of each name of each incident, by incident id and name; one query."""
    latest: dict[int, dict[str, Clock]] = defaultdict(dict)
    for clock in Clock.objects.filter(incident__in=[incident.pk for incident in incidents]).order_by("pk"):
        latest[clock.incident_id][clock.name] = clock
    return latest


def current_holders(incidents: Iterable[Incident]) -> dict[int, list[RoleHolder]]:
    """Every response role of each incident with its holder or None; two queries."""
    ids = [incident.pk for incident in incidents]
    roles = list(ResponseRole.objects.all())
    assignments = RoleAssignment.objects.filter(incident__in=ids, until__isnull=True, person__is_active=True)
    held = {(each.incident_id, each.role_id): each for each in assignments.select_related("person")}
    return {pk: [_holder(role, held.get((pk, role.pk))) for role in roles] for pk in ids}


def holders(incident: Incident) -> list[RoleHolder]:
    """Every response role of the incident with its holder or None."""
    return current_holders([incident])[incident.pk]


@dataclass(frozen=True, slots=True)
class Vacancy:
    """What was done about a role that nobody holds: who was asked last, and whether nobody is left to be asked."""

    asked: tuple[User, ...] = ()
    since: datetime | None = None
    given_up: bool = False


def vacancies(incident: Incident) -> dict[str, Vacancy]:
    """Of each role that nobody holds, by its key, what was done about it in this response; four queries."""
    invited: dict[str, list[RoleInvitation]] = defaultdict(list)
    asked = RoleInvitation.objects.filter(incident=incident, invited_at__gte=incident.response_started_at)
    for invitation in asked.select_related("person", "role").order_by("invited_at", "pk"):
        invited[invitation.role.key].append(invitation)
    called = incident.timeline.filter(kind=EventKind.ROLE_VACANT, at__gte=incident.response_started_at)
    given_up = set(called.values_list("data__role", flat=True))
    return {
        holder.role.key: _vacancy(invited[holder.role.key], given_up=holder.role.key in given_up)
        for holder in holders(incident)
        if holder.person is None
    }


def _vacancy(asked: Sequence[RoleInvitation], *, given_up: bool) -> Vacancy:
    if not asked:
        return Vacancy(given_up=given_up)
    last = asked[-1].invited_at
    return Vacancy(tuple(each.person for each in asked if each.invited_at == last), last, given_up)


def holder_of(incident: Incident, role: str) -> User | None:
    """Who holds the role with the key ``role`` now; whoever left the organisation holds none."""
    held = (
        incident.role_assignments.filter(role__key=role, until__isnull=True, person__is_active=True)
        .select_related("person")
        .first()
    )
    return held.person if held else None


def candidates(role: ResponseRole, team: Team, *, position: int, at: datetime | None = None) -> list[User]:
    """Who stands at ``position`` (1: primary, 2: backup) of the role for the team, or for every team; often one."""
    own = RoleCandidate.objects.filter(role=role, team=team).exists()
    return [
        person
        for candidate in RoleCandidate.objects.filter(
            role=role, team=team if own else None, position=position
        ).select_related("person", "contact__person", "roster")
        for person in people_behind(candidate, at=at or house_clock.now())
    ]


def primaries(team: Team, *, at: datetime) -> dict[ResponseRole, list[User]]:
    """Who stands first for each response role of the team at that instant; one query, and one for each roster."""
    found: dict[ResponseRole, list[RoleCandidate]] = {role: [] for role in ResponseRole.objects.all()}
    named = RoleCandidate.objects.filter(Q(team=team) | Q(team=None)).order_by("position")
    for candidate in named.select_related("role", "person", "contact__person", "roster"):
        found[candidate.role].append(candidate)
    for role, candidates_of_role in found.items():
        own = [candidate for candidate in candidates_of_role if candidate.team_id is not None]
        found[role] = own or candidates_of_role
    return {
        role: [
            person
            for candidate in candidates_of_role
            if candidate.position == PRIMARY
            for person in people_behind(candidate, at=at)
        ]
        for role, candidates_of_role in found.items()
    }


def candidate_positions(role: ResponseRole, team: Team) -> list[int]:
    """The positions of the role's candidates for the team, the primary's first."""
    own = RoleCandidate.objects.filter(role=role, team=team)
    found = own if own.exists() else RoleCandidate.objects.filter(role=role, team=None)
    return list(found.order_by("position").values_list("position", flat=True))


def people_behind(candidate: RoleCandidate, *, at: datetime) -> list[User]:
    """The active people a candidate stands for at that instant; none while only a title is named."""
    if candidate.roster is not None:
        found = rosters.people_on(candidate.roster, at)
    elif candidate.contact is not None:
        found = [candidate.contact.person] if candidate.contact.person else []
    else:
        found = [candidate.person] if candidate.person else []
    return [person for person in found if person.is_active]


def response_team(incident: Incident) -> list[User]:
    """Who responds: holders of roles, whoever was asked to take one, and who acknowledged; each once (R14).

    Nobody who may not see the incident any more.
    """
    people = User.objects.filter(
        Q(role_assignments__incident=incident, role_assignments__until__isnull=True)
        | Q(role_invitations__incident=incident)
        | Q(pk=incident.acknowledged_by_id)
    )
    return those_who_see(incident, people.filter(is_active=True).distinct())


def may_add_watchers(person: access.Viewer, incident: Incident) -> bool:
    """Whether ``person`` may let others watch: who commands the incident, or any commander of its team."""
    commands = access.may(person, access.Permission.COMMAND, incident)
    return commands or holder_of(incident, "commander") == person


def watchers_of(incident: Incident) -> list[User]:
    """Who watches the incident and may still see it, since when in order; nobody once it is over."""
    if incident.status in ENDED:
        return []
    return those_who_see(incident, [watcher.person for watcher in incident.watchers.select_related("person")])


def those_who_see(incident: Incident, people: Iterable[User]) -> list[User]:
    """Those of ``people`` who may see the incident, in their order; two queries besides theirs."""
    asked = list(people)
    allowed = who_may_see(incident, asked)
    return [person for person in asked if person.pk in allowed]


def who_may_see(incident: Incident, people: Iterable[User]) -> set[int]:
    """The ids of those of ``people`` who may see the incident, by the same rule as ``access.may``; two queries."""
    asked = [person for person in people if person.is_active]
    involved = incident.involvements.filter(
        person__in=[each for each in asked if access.may_be_involved(each)]
    ).values_list("person_id", flat=True)
    return {*involved, *access.who_may_view(asked, team_id=incident.team_id, private=incident.private)}


def may_give_access(person: access.Viewer, incident: Incident) -> bool:
    """Whether ``person`` may let others see the private incident, and take that back."""
    return incident.private and access.may(person, access.Permission.COMMAND, incident)


def grants_of(incident: Incident) -> QuerySet[AccessGrant]:
    """Who was given access to the incident by name, in order, those from whom it was taken back included."""
    return incident.access_grants.select_related("person", "given_by", "taken_back_by")


def requests_of(incident: Incident) -> QuerySet[ResponderRequest]:
    """Who was asked to respond and how each answered, in order."""
    return incident.responder_requests.select_related("person", "asked_by")


def missing_for(incident: Incident, wanted: str) -> tuple[Missing, ...]:
    """What still stands before the status ``wanted``; empty when its gate is open to pass."""
    resolution = Resolution.objects.filter(incident=incident).first()
    return rules.missing_for(wanted, items=incident.checklist.all(), resolution=resolution)


def _holder(role: ResponseRole, assignment: RoleAssignment | None) -> RoleHolder:
    if assignment is None:
        return RoleHolder(role=role, person=None, since=None)
    return RoleHolder(role=role, person=assignment.person, since=assignment.since)


def responding_team(service: Service | None, person: User) -> Team:
    """Who responds where nobody says it: the service's owner, else the person's only team. Raises Invalid."""
    if service is not None:
        return service.team
    own = list(Team.objects.filter(memberships__person=person, is_active=True).distinct()[:2])
    if len(own) != 1:
        raise Invalid("Name the team that responds, or the affected service.", field="team")
    return own[0]
