"""Carries out what somebody asks for by ``/incident``, as themselves, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db.models import QuerySet

from apps.catalog.models import Service
from apps.core import clock
from apps.core.errors import HouseError, Invalid
from apps.incidents import actions
from apps.incidents import queries as incidents
from apps.incidents.models import Detection, Incident, Severity, Via
from apps.integrations.models import Step
from apps.integrations.slack import commands
from apps.integrations.slack.commands import Verb, Wish
from apps.integrations.tools import StepKind
from apps.notifications import answers
from apps.notifications import queries as notifications
from apps.rosters import queries as rosters
from apps.teams import access
from apps.teams.models import Team, User

#: So many teams are told of at once.
MOST_TEAMS = 20


def carry_out(text: str, *, by: User, channel: str) -> str:
    """Do what ``text`` asks for, written in ``channel``, and return the words for ``by``; what is not allowed is said.

    An incident that they may not see is one that there is not.
    """
    wish = commands.read(text)
    try:
        return _DEEDS[wish.verb](wish, by, channel)
    except HouseError as error:
        return str(error)


def _declare(wish: Wish, by: User, channel: str) -> str:
    severities = {each.code: each for each in Severity.objects.filter(is_active=True)}
    if wish.severity not in severities:
        raise Invalid(f"Begin with how severe it is: {', '.join(severities)}.\n{commands.HELP}", field="severity")
    service = _service(wish, by)
    incident = actions.declare(
        title=wish.text,
        severity=severities[wish.severity],
        team=_team(wish, by) or incidents.responding_team(service, by),
        by=by,
        via=Via.CHAT,
        services=[service] if service else [],
        detection=Detection.INTERNAL,
        private="private" in wish.options,
        drill="drill" in wish.options,
    )
    return f"{incident} is declared as {incident.severity.code}: {_address(incident)}"


def _address(incident: Incident) -> str:
    return f"{settings.SITE_URL}{incident.get_absolute_url()}"


def _service(wish: Wish, by: User) -> Service | None:
    slug = wish.options.get("service")
    if slug is None:
        return None
    seen = access.team_ids(by, access.Permission.VIEW)
    service = Service.objects.filter(slug=slug, is_active=True, team__in=seen).select_related("team").first()
    if service is None:
        raise Invalid(f"There is no service {slug}.", field="service")
    return service


def _team(wish: Wish, by: User) -> Team | None:
    slug = wish.options.get("team")
    if slug is None:
        return None
    team = _seen(by).filter(slug=slug).first()
    if team is None:
        raise Invalid(f"There is no team {slug}.", field="team")
    return team


def _acknowledge(wish: Wish, by: User, channel: str) -> str:
    incident = _meant(wish, by, channel) or _waiting(by)
    actions.acknowledge(incident.pk, by=by, via=Via.CHAT)
    return f"{incident} acknowledged: {_address(incident)}"


def _resolve(wish: Wish, by: User, channel: str) -> str:
    incident = _meant(wish, by, channel) or _waiting(by)
    said, _ = answers.resolve_incident(incident, by=by, via=Via.CHAT)
    return said


def _note(wish: Wish, by: User, channel: str) -> str:
    incident = _meant(wish, by, channel)
    if incident is None:
        raise Invalid("Say of which incident: /incident note INC-1 What you saw", field="text")
    actions.add_note(incident.pk, text=wish.text, by=by, via=Via.CHAT)
    return f"Noted on {incident}."


def _meant(wish: Wish, by: User, channel: str) -> Incident | None:
    """The incident that is named, else the one whose channel it is written in; None where there is neither."""
    seen = incidents.visible_to(by).select_related("severity", "team")
    if wish.number is not None:
        incident = seen.filter(pk=wish.number).first()
        if incident is None:
            raise Invalid(f"There is no INC-{wish.number}.", field="incident")
        return incident
    here = Step.objects.filter(kind=StepKind.CHANNEL, ref=channel).exclude(ref="").order_by("-pk").first()
    if here is None:
        return None
    incident = seen.filter(pk=here.incident_id).first()
    if incident is None:
        raise Invalid("There is no incident of this channel that you see.", field="incident")
    return incident


def _waiting(by: User) -> Incident:
    """The only incident that waits for them."""
    pages = notifications.pages_waiting_for(by).exclude(incident=None)
    waiting = sorted(set(pages.order_by().values_list("incident", flat=True)))
    if len(waiting) == 1:
        return Incident.objects.select_related("severity", "team").get(pk=waiting[0])
    named = ", ".join(f"INC-{number}" for number in waiting[:8])
    raise Invalid(f"Say which: {named} wait for you." if waiting else "Say which incident.", field="incident")


def _who(wish: Wish, by: User, channel: str) -> str:
    slug = wish.text.lower()
    teams = _seen(by)
    if slug:
        teams = teams.filter(slug=slug) | teams.filter(services__slug=slug)
    found = list(teams.distinct().order_by("name")[: MOST_TEAMS + 1])
    if not found:
        raise Invalid(f"There is no team or service {slug}." if slug else "You see no team.", field="text")
    told: dict[str, list[str]] = {team.name: [] for team in found[:MOST_TEAMS]}
    for duty in rosters.on_call(at=clock.now(), teams=found[:MOST_TEAMS]):
        told[duty.team.name].append(f"{duty.person or 'nobody'} ({duty.roster})")
    lines = [f"*{team}*: {', '.join(people) or 'no roster'}" for team, people in told.items()]
    return "\n".join([*lines, *(["… and more: name a team or a service."] if len(found) > MOST_TEAMS else [])])


def _seen(by: User) -> QuerySet[Team]:
    return Team.objects.filter(pk__in=access.team_ids(by, access.Permission.VIEW), is_active=True)


def _help(wish: Wish, by: User, channel: str) -> str:
    return commands.HELP


_DEEDS: dict[Verb, Callable[[Wish, User, str], str]] = {
    Verb.DECLARE: _declare,
    Verb.ACKNOWLEDGE: _acknowledge,
    Verb.RESOLVE: _resolve,
    Verb.NOTE: _note,
    Verb.WHO: _who,
    Verb.HELP: _help,
}
