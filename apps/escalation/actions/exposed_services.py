"""Raises services with nobody to page as incidents of the house's own, and ends those once somebody can be paged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from apps.catalog.queries import active_services
from apps.core import clock as house_clock
from apps.escalation import exposure
from apps.escalation.actions import alarms
from apps.escalation.exposure import Exposed
from apps.incidents import actions as incidents
from apps.incidents.models import EventKind, Incident, TimelineEvent
from apps.teams.models import Team

TITLE = "Services with nobody to page"
#: Whoever ends it by hand knows of it, and has so long until it is raised again.
PATIENCE = timedelta(hours=1)
#: How a person ends an incident.
_ENDS = (EventKind.RESOLVED, EventKind.CANCELLED, EventKind.MERGED)


@transaction.atomic
def watch_services() -> None:
    """Raise every service that an incident would page nobody for now; one incident a team, once while it stands.

    It is as severe as the chain that leads to nobody, so that whoever leads the team and whoever administrates is told
    at once (``nobody``). It ends by itself when somebody can be paged for every service of the team again; where a
    person ends it before, it is raised again after PATIENCE.
    """
    found: dict[Team, list[Exposed]] = defaultdict(list)
    for each in exposure.exposed(active_services()):
        found[each.service.team].append(each)
    known = _known_to_people()
    for team, exposed in found.items():
        if team.pk not in known:
            _raise(team, exposed)
    for incident in alarms.standing(TITLE).exclude(team__in=found):
        incidents.resolve_own(incident.pk, text="Somebody can be paged for every service of the team again.")


def _raise(team: Team, exposed: Sequence[Exposed]) -> None:
    standing = alarms.standing_for(TITLE, team)
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


def _known_to_people() -> set[int]:
    """The ids of the teams of which a person ended such an incident within PATIENCE."""
    ended = TimelineEvent.objects.filter(
        incident__title=TITLE, incident__declared_by=None, kind__in=_ENDS, actor__isnull=False,
        at__gt=house_clock.now() - PATIENCE,
    )  # fmt: skip
    return set(ended.values_list("incident__team", flat=True))


def _told(incident: Incident) -> set[str]:
    """The slugs of the services that the timeline of the incident names."""
    return {slug for data in incident.timeline.values_list("data", flat=True) for slug in data.get("services") or ()}


def _listed(exposed: Sequence[Exposed]) -> str:
    return "\n".join(f"- {each.text}" for each in exposed)
