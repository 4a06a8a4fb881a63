"""Who looks over the shoulder of whoever is on call: entered on the page of a roster, and taken back."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.desk.forms.rosters import ShadowForm
from apps.desk.pages import attempt, viewer
from apps.desk.views.rosters import roster_or_404
from apps.rosters import actions as rosters
from apps.rosters.models import Shadow
from apps.teams import access
from apps.teams.access import Permission


@login_required
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Let somebody see the pages of whoever is on call (POST)."""
    found = roster_or_404(request, slug)
    form = ShadowForm(request.POST or None, roster=found, by=viewer(request))
    if request.method == "POST" and form.is_valid():
        known = form.cleaned_data
        added = attempt(
            request,
            lambda: rosters.add_shadow(
                found,
                person=known["person"],
                of=known["of"],
                start=known["start"],
                end=known["end"],
                is_woken=known["is_woken"],
                by=viewer(request),
            ),
            done=f"{known['person']} is told of the pages that go out.",
            form=form,
        )
        if added:
            return redirect("roster", slug)
    return render(request, "people/shadow.html", {"roster": found, "form": form}, status=422 if form.is_bound else 200)


@login_required
@require_POST
def remove(request: HttpRequest, shadow: int) -> HttpResponse:
    """Take back what of it is still to come, where the viewer sees it; back to where they came from."""
    me = viewer(request)
    seen = Shadow.objects.filter(roster__team__in=access.team_ids(me, Permission.VIEW))
    own = Shadow.objects.filter(person=me)
    found = get_object_or_404((seen | own).select_related("roster__team", "person"), pk=shadow)
    attempt(request, lambda: rosters.remove_shadow(found, by=me), done=f"{found.person} is told of no more pages.")
    return redirect("shifts") if found.person == me else redirect("roster", found.roster.slug)
