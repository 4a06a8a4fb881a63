"""Raises services with nobody to page as incidents of the house's own, and ends those once somebody can be paged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction

from apps.catalog.queries import active_services
from apps.core import clock as house_clock
from apps.engine import actions as engine
from apps.engine.actions import Planned
from apps.escalation import exposure
from apps.escalation.actions import alarms
from apps.escalation.exposure import Exposed
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Incident, TimelineEvent
from apps.teams.models import Team

TITLE = "Services with nobody to page"
#: The kind of the timer that looks at one team.
WATCH = "escalation.exposed_services_of_team"
#: Whoever ends it by hand knows of it, and has so long until it is raised again.
PATIENCE = timedelta(hours=1)
#: How a person ends an incident.
_ENDS = (EventKind.RESOLVED, EventKind.CANCELLED, EventKind.MERGED)


def watch_services() -> None:
    """Plan a look at each team that has services, or an incident about them: one that fails keeps no other from it."""
    in_use = active_services().order_by().values_list("team", flat=True)
    teams = in_use.union(alarms.standing(TITLE).order_by().values_list("team", flat=True))
    plan_to_watch(teams)


def plan_to_watch(teams: Iterable[int]) -> None:
    """Plan a look at the services of each of ``teams`` (ids), now."""
    engine.schedule_all(
        [
            Planned(kind=WATCH, key=f"{WATCH}:{team}", subject=f"team:{team}", payload={"team": team})
            for team in sorted(teams)
        ]
    )


@transaction.atomic
def watch_team(team_id: int) -> None:
    """Raise the services of one team that an incident would page nobody for now: as one incident, once while it stands.

    It is as severe as the chain that leads to nobody, so that whoever leads the team and whoever administrates is told
    at once (``nobody``). It ends by itself when somebody can be paged for every service of the team again; where a
    person ends it before, it is raised again after PATIENCE. Who looks at the same team meanwhile waits; incidents are
    locked by their ids.
    """
    team = Team.objects.select_for_update(no_key=True).filter(pk=team_id).first()
    if team is None:
        return
    exposed = exposure.exposed(active_services().filter(team=team))
    if not exposed:
        for incident in alarms.standing(TITLE).filter(team=team):
            incidents.resolve_own(incident.pk, text="Somebody can be paged for every service of the team again.")
    else:
        _raise(team, exposed)


def _raise(team: Team, exposed: Sequence[Exposed]) -> None:
    standing = alarms.standing_for(TITLE, team)
    if standing is None and _is_known_to_people(team):  # asked once whoever is just ending it has done so
        return
    if standing is None:
        alarms.raise_alarm(
            TITLE, _listed(exposed), severity=exposed[0].severity, team=team,
            services=[each.service for each in exposed],
        )  # fmt: skip
        return
    told = _told(standing)
    more = [each for each in exposed if each.service.slug not in told]
    if more:
        services = [each.service.slug for each in more]
        alarms.say_more(standing, f"More have nobody to page:\n{_listed(more)}", data={"services": services})


def _is_known_to_people(team: Team) -> bool:
    """Whether a person ended such an incident of the team within PATIENCE."""
    return TimelineEvent.objects.filter(
        incident__title=TITLE, incident__declared_by=None, incident__team=team, kind__in=_ENDS, actor__isnull=False,
        at__gt=house_clock.now() - PATIENCE,
    ).exists()  # fmt: skip


def _told(incident: Incident) -> set[str]:
    """The slugs of the services that the timeline of the incident names."""
    return {slug for data in incident.timeline.values_list("data", flat=True) for slug in data.get("services") or ()}


def _listed(exposed: Sequence[Exposed]) -> str:
    return "\n".join(f"- {each.text}" for each in exposed)
