"""Who is on call, and whom to reach in an emergency."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.contacts import queries as contacts
from apps.desk import queries
from apps.desk.pages import viewer
from apps.incidents.models import Expert
from apps.teams import access


@login_required
def oncall(request: HttpRequest) -> HttpResponse:
    """Who is on call now and next, by team, for which services, and how to reach them; searchable."""
    me, team = viewer(request), request.GET.get("team", "")
    q = request.GET.get("q", "").replace("\0", "").strip()
    context = {
        "board": queries.on_call_board(me, team=team, words=q),
        "teams": queries.visible_teams(me),
        "team": team,
        "q": q,
    }
    return render(request, "people/oncall.html", context)


@login_required
def contact_sheet(request: HttpRequest) -> HttpResponse:
    """Emergency contacts, those outside the house, and experts: searchable, and one sheet when printed (R5, R8)."""
    q = request.GET.get("q", "").replace("\0", "").strip()
    person = viewer(request)
    experts = [] if q or not access.belongs_here(person) else Expert.objects.select_related("person")
    context = {"q": q, "sheet": contacts.search(person, q), "experts": experts}
    return render(request, "people/contacts.html", context)
