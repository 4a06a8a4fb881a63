"""Finds services of which an incident would page nobody at this moment, however severe it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from apps.catalog.models import Service
from apps.core import clock as house_clock
from apps.escalation import hours, queries, targets
from apps.escalation.models import Policy, TargetKind
from apps.escalation.targets import Lookup, Snapshot
from apps.incidents.models import Severity
from apps.notifications import queries as reach
from apps.rosters import queries as rosters
from apps.teams.models import Team

#: Targets that mean other people for another team; all others mean the same for every team.
OF_THE_TEAM = (TargetKind.ON_CALL, TargetKind.ROLE)


@dataclass(frozen=True, slots=True)
class Exposed:
    """A service with nobody to page: no level of its chain for the worst severity leads to anybody who can be reached.

    ``policy`` None: no chain covers it, and nobody who is on call for its team can be reached.
    """

    service: Service
    severity: Severity
    policy: Policy | None

    @property
    def text(self) -> str:
        """It in words, with the service and its team."""
        if self.policy is None:
            return f"{self.service}, team {self.service.team}: no chain covers it, and nobody is on call for the team."
        return f"{self.service}, team {self.service.team}: no level of {self.policy} leads to anybody."


def exposed(services: Iterable[Service]) -> list[Exposed]:
    """Those of ``services`` (with their team) of which even the worst incident would page nobody now, in their order.

    The worst, for its chain leads furthest: where a lesser chain alone is empty, whoever keeps it is told when an
    incident comes to its end (``actions.nobody``). A service is looked at by its own chain, with the working hours of
    its team; what waits for the end of maintenance or of the night has somebody. Endpoints wake nobody and do not
    count. Who is on call, and what leads to the same people for every team, is looked up once for all teams; roles are
    asked team by team, where nothing else leads to anybody.
    """
    listed = list(services)
    worst = Severity.objects.filter(is_active=True).order_by("rank").first()
    if worst is None:
        return []
    return list(_exposed(listed, worst, at=house_clock.now()))


def _exposed(services: list[Service], worst: Severity, *, at: datetime) -> Iterator[Exposed]:
    chains = _chains(services, worst)
    on_call = _teams_with_somebody_on_call({service.team_id for service in services}, at)
    shared = Lookup(team=None, incident=None, at=at)
    known: dict[tuple[int, int | None], bool] = {}
    for service in services:
        policy, team = chains.get(service.pk), service.team
        key = team.pk, policy.pk if policy else None
        if key not in known:
            is_on_call = team.pk in on_call
            known[key] = _leads_to_somebody(policy, team, shared, at, is_on_call=is_on_call) if policy else is_on_call
        if not known[key]:
            yield Exposed(service, worst, policy)


def _teams_with_somebody_on_call(teams: set[int], at: datetime) -> set[int]:
    """The ids of those of ``teams`` for which somebody is on call who can be reached. Two queries."""
    on_call = rosters.on_call_by_team(teams, at)
    reached = {person.pk for person in reach.reachable({person for people in on_call.values() for person in people})}
    return {team for team, people in on_call.items() if any(person.pk in reached for person in people)}


def _chains(services: list[Service], worst: Severity) -> dict[int, Policy]:
    """The chain for the worst severity of each service that has one, by the service's id, with levels and targets."""
    near = {
        service: next((policy.pk for policy in policies if policy.severity_id == worst.pk), None)
        for service, policies in queries.policies_of(services).items()
    }
    policies = queries.policies().in_bulk([pk for pk in near.values() if pk is not None])
    return {service: policies[pk] for service, pk in near.items() if pk is not None}


def _leads_to_somebody(policy: Policy, team: Team, shared: Lookup, at: datetime, *, is_on_call: bool) -> bool:
    asked = list(_asked(policy, team, at))
    if is_on_call and any(target["kind"] == TargetKind.ON_CALL for target in asked):
        return True
    if shared.find([target for target in asked if target["kind"] not in OF_THE_TEAM]).people:
        return True
    roles = [target for target in asked if target["kind"] == TargetKind.ROLE]
    return bool(Lookup(team=team, incident=None, at=at).find(roles).people)


def _asked(policy: Policy, team: Team, at: datetime) -> Iterator[Snapshot]:
    """The targets that the levels of the chain would ask at that instant."""
    opening = hours.opening_of(team)
    for level in policy.levels.all():
        kept = [targets.snapshot(target) for target in level.targets.all()]
        yield from targets.asked(kept, outside_hours=level.outside_hours, opening=opening, at=at)
