"""The escalation policies: who would be woken by whose incidents, when, and who that is right now (R9, R12)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.desk import chain_picture, queries
from apps.desk.pages import viewer
from apps.escalation import outlook
from apps.escalation import queries as escalation
from apps.escalation.models import Policy
from apps.escalation.outlook import Standing
from apps.incidents import queries as incidents
from apps.notifications import reach
from apps.notifications.reach import Reach
from apps.teams import access
from apps.teams.models import Team, User


@login_required
def policies(request: HttpRequest) -> HttpResponse:
    """The policies one may see, the worst severity first."""
    return render(request, "policies/list.html", {"policies": queries.visible_policies(viewer(request))})


@login_required
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """A policy as a timeline, with who is behind each level now, and where it is used."""
    found = queries.visible_policies(viewer(request)).filter(pk=pk).first()
    if found is None:
        raise Http404(f"No policy {pk}.")
    teams = queries.visible_teams(viewer(request))
    team = _team_of(found) or _asked(request.GET.get("team", ""), teams)
    levels = list(found.levels.all())
    rounds = outlook.rounds(found)
    used = escalation.where_used(found)
    running = used.running.filter(pk__in=incidents.visible_to(viewer(request)).values("pk"))
    rungs = outlook.standing(found, team=team)
    context = {
        "policy": found,
        "team": team,
        "teams": [] if _team_of(found) else teams,
        "rungs": rungs,
        "silent": _silent(rungs),
        "rounds": rounds,
        "marks": chain_picture.marks([(level.number, level.after) for level in levels], rounds),
        "used": used,
        "running": list(running),
        "may_edit": access.is_administrator(viewer(request)) and viewer(request).is_staff,
    }
    return render(request, "policies/policy.html", context)


def _silent(rungs: list[Standing]) -> list[User]:
    """Those behind the levels whom a page reaches without waking them: nothing of theirs rings."""
    people = {person for rung in rungs for found in (rung.found, rung.outside) if found for person in found.people}
    reached = reach.of_people(people)
    return [person for person in people if reached.get(person.pk) is Reach.SILENTLY]


def _team_of(policy: Policy) -> Team | None:
    return policy.service.team if policy.service else policy.team


def _asked(slug: str, teams: list[Team]) -> Team | None:
    """The team that the viewer wants to see it for, else the first of theirs."""
    return next((team for team in teams if team.slug == slug), teams[0] if teams else None)
