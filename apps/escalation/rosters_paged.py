"""Which chains and services page a roster, for whoever is about to end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from apps.catalog.models import Service
from apps.catalog.queries import active_services
from apps.escalation import queries
from apps.escalation.models import LevelTarget, Policy, TargetKind
from apps.rosters.models import Roster
from apps.rosters.paged_through import tells_what_pages
from apps.teams import access
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class _Chains:
    """Ids of policies: those that each service's incidents climb, that name each roster, that page a team's on-call."""

    climbed: Mapping[int, set[int]]
    naming: Mapping[int, set[int]]
    paging_on_call: set[int]

    def lead(self, service: Service, roster: Roster) -> bool:
        """Whether an incident of ``service`` pages whoever is on call in ``roster``."""
        climbed = self.climbed[service.pk]
        if climbed & self.naming[roster.pk]:
            return True
        is_its_on_call = roster.is_primary and service.team_id == roster.team_id
        return is_its_on_call and (not climbed or bool(climbed & self.paging_on_call))


@tells_what_pages
def chains_and_services(rosters: Sequence[Roster], viewer: User) -> list[str]:
    """The chains with a level that names each of ``rosters``, and the services whose incidents page it.

    Of a primary roster those too whose chain pages the on-call of their team, or that no chain covers. What ``viewer``
    may not see is counted. Five queries, however many rosters there are.
    """
    services = list(active_services())
    chains = _chains(rosters, services)
    policies = Policy.objects.select_related("severity", "team", "service__team")
    named = policies.in_bulk(set().union(*chains.naming.values()))
    seen = access.team_ids(viewer, access.Permission.VIEW)
    lines: list[str] = []
    for roster in rosters:
        naming = [named[pk] for pk in sorted(chains.naming[roster.pk])]
        known = [policy for policy in naming if policy.owner is None or policy.owner.pk in seen]
        lines += _sentence(f"Chains that page {roster}", known, hidden=len(naming) - len(known))
        paging = [service for service in services if chains.lead(service, roster)]
        theirs = [service for service in paging if service.team_id in seen]
        lines += _sentence(f"Services whose incidents page {roster}", theirs, hidden=len(paging) - len(theirs))
    return lines


def _chains(rosters: Sequence[Roster], services: list[Service]) -> _Chains:
    naming: dict[int, set[int]] = {roster.pk: set() for roster in rosters}
    paging_on_call: set[int] = set()
    targets = LevelTarget.objects.filter(Q(roster__in=rosters) | Q(kind=TargetKind.ON_CALL))
    for roster, policy in targets.values_list("roster", "level__policy"):
        (paging_on_call if roster is None else naming[roster]).add(policy)
    found = queries.policies_of(services)
    climbed = {service: {policy.pk for policy in policies} for service, policies in found.items()}
    return _Chains(climbed, naming, paging_on_call)


def _sentence(start: str, rows: Sequence[Policy | Service], *, hidden: int) -> list[str]:
    listed = [*map(str, rows), *([f"{hidden} of other teams"] if hidden else [])]
    return [f"{start}: {', '.join(listed)}."] if listed else []
