"""Who is on call, and whom to reach in an emergency."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.contacts import queries as contacts
from apps.core import clock
from apps.desk import queries
from apps.desk.pages import viewer
from apps.incidents.models import Expert
from apps.rosters import queries as roster_queries

#: How far ahead the page of a roster lists its shifts.
SHOWN_AHEAD = timedelta(days=42)


@login_required
def oncall(request: HttpRequest) -> HttpResponse:
    """Who is on call now and next, by team."""
    teams = queries.visible_teams(viewer(request))
    return render(request, "people/oncall.html", {"on_call": roster_queries.on_call(at=clock.now(), teams=teams)})


@login_required
def contact_sheet(request: HttpRequest) -> HttpResponse:
    """Emergency contacts, those outside the house, and experts: searchable, and one sheet when printed (R5, R8)."""
    q = request.GET.get("q", "").replace("\0", "").strip()
    experts = Expert.objects.select_related("person")
    context = {"q": q, "sheet": contacts.search(q), "experts": [] if q else experts}
    return render(request, "people/contacts.html", context)
