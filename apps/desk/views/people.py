"""Who is on call, the rosters behind it, and whom to reach in an emergency."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.contacts import queries as contacts
from apps.core import clock
from apps.desk import queries
from apps.desk.forms.rosters import OverrideForm
from apps.desk.pages import attempt, viewer
from apps.incidents.models import Expert
from apps.rosters import actions as rosters
from apps.rosters import queries as roster_queries
from apps.rosters.models import Override, Roster
from apps.teams import access

#: How far ahead the page of a roster lists its shifts.
SHOWN_AHEAD = timedelta(days=42)


@login_required
def oncall(request: HttpRequest) -> HttpResponse:
    """Who is on call now and next, by team."""
    teams = queries.visible_teams(viewer(request))
    return render(request, "people/oncall.html", {"on_call": roster_queries.on_call(at=clock.now(), teams=teams)})


@login_required
def roster(request: HttpRequest, slug: str) -> HttpResponse:
    """One roster: its coming shifts, its overrides, and the form for another (POST)."""
    found = _roster_or_404(request, slug)
    form = OverrideForm(request.POST or None, roster=found, by=viewer(request))
    if request.method == "POST" and form.is_valid():
        known = form.cleaned_data
        added = attempt(
            request,
            lambda: rosters.add_override(
                found,
                person=known["person"],
                start=known["start"],
                end=known["end"],
                reason=known["reason"],
                by=viewer(request),
            ),
            done=f"{known['person']} stands in.",
        )
        if added:
            return redirect("roster", slug)
    now = clock.now()
    context = {
        "roster": found,
        "form": form,
        "now": now,
        "shifts": roster_queries.shifts_between(now, now + SHOWN_AHEAD, teams=[found.team]).filter(roster=found),
        "overrides": found.overrides.filter(during__endswith__gt=now).select_related("person").order_by("during"),
        "layers": found.layers.prefetch_related("members__person"),
        "may_respond": found.team_id in access.team_ids(viewer(request), access.Permission.RESPOND),
    }
    return render(request, "people/roster.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def remove_override(request: HttpRequest, slug: str, override: int) -> HttpResponse:
    """Take an override back."""
    found = get_object_or_404(Override, pk=override, roster=_roster_or_404(request, slug))
    attempt(request, lambda: rosters.remove_override(found, by=viewer(request)), done="The override is taken back.")
    return redirect("roster", slug)


@login_required
def contact_sheet(request: HttpRequest) -> HttpResponse:
    """Emergency contacts, those outside the house, and experts: searchable, and one sheet when printed (R5, R8)."""
    q = request.GET.get("q", "").replace("\0", "").strip()
    experts = Expert.objects.select_related("person")
    context = {"q": q, "sheet": contacts.search(q), "experts": [] if q else experts}
    return render(request, "people/contacts.html", context)


def _roster_or_404(request: HttpRequest, slug: str) -> Roster:
    visible = access.team_ids(viewer(request), access.Permission.VIEW)
    found = Roster.objects.select_related("team").filter(slug=slug, team__in=visible).first()
    if found is None:
        raise Http404(f"No roster {slug}.")
    return found
