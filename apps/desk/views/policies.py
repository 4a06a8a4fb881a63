"""The escalation policies: who would be woken by whose incidents, when, and who that is right now (R9, R12)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.desk import chain_picture, queries
from apps.desk.pages import viewer
from apps.escalation import choices, drafts, usage
from apps.escalation import queries as escalation
from apps.teams.models import Team


@login_required
def policies(request: HttpRequest) -> HttpResponse:
    """The policies one may see, the worst severity first."""
    may_add = choices.teams(viewer(request)).exists()
    context = {"policies": escalation.visible_policies(viewer(request)), "may_add": may_add}
    return render(request, "policies/list.html", context)


@login_required
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """A policy as a timeline, with who is behind each level now, and where it is used."""
    found = escalation.visible_policies(viewer(request)).filter(pk=pk).first()
    if found is None:
        raise Http404(f"No policy {pk}.")
    teams = queries.visible_teams(viewer(request))
    team = found.owner or asked(request.GET.get("team", ""), teams)
    used = usage.where_used(found, viewer=viewer(request))
    context = {
        "policy": found,
        "teams": [] if found.owner else teams,
        "picture": chain_picture.drawn(drafts.of(found), team=team),
        "used": used,
        "running": list(used.running),
        "may_edit": choices.keeps(viewer(request), found),
    }
    return render(request, "policies/policy.html", context)


def asked(slug: str, teams: list[Team]) -> Team | None:
    """The team that the viewer wants to see it for, else the first of theirs."""
    return next((team for team in teams if team.slug == slug), teams[0] if teams else None)
