"""Where a policy is used: whom it covers, and which incidents climb it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from apps.catalog.models import Service
from apps.catalog.queries import active_services
from apps.escalation.models import Policy, Run
from apps.escalation.queries import climbed
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.teams import access
from apps.teams.models import Team


@dataclass(frozen=True)
class WhereUsed:
    """Whom a policy covers now, who has one of their own and would fall back to it, and which incidents climb it."""

    teams: list[Team]
    services: list[Service]
    teams_behind: list[Team]
    services_behind: list[Service]
    running: QuerySet[Incident]


def where_used(policy: Policy, *, viewer: access.Viewer) -> WhereUsed:
    """Whom ``policy`` covers at present, who would fall back to it, and which incidents climb it now.

    As far as ``viewer`` may see the teams and the incidents. A constant number of queries.
    """
    others = {(each.service_id, each.team_id) for each in climbed(policy.severity) if each.pk != policy.pk}
    with_own = {service for service, _ in others if service is not None}
    teams_with_own = {team for _, team in others if team is not None}
    for_everybody = policy.service_id is None and policy.team_id is None
    seen = access.team_ids(viewer, access.Permission.VIEW)
    covered = Team.objects.filter(is_active=True, pk__in=seen)
    teams = list(covered) if for_everybody else [policy.team] if policy.team else []
    services = active_services().filter(team__in=seen)
    if policy.service_id is not None:
        services = services.filter(pk=policy.service_id)
    elif policy.team_id is not None:
        services = services.filter(team=policy.team_id)
    below = [service for service in services if not (for_everybody and service.team_id in teams_with_own)]
    return WhereUsed(
        teams=[team for team in teams if team.pk not in teams_with_own],
        services=[service for service in below if service.pk not in with_own],
        teams_behind=[team for team in teams if team.pk in teams_with_own],
        services_behind=[service for service in services if service.pk in with_own],
        running=incidents.visible_to(viewer)
        .filter(escalation_runs__in=Run.objects.filter(policy=policy, ended_at__isnull=True))
        .select_related("severity", "team"),
    )
