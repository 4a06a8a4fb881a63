"""The services: who owns them, what they need, and where to look when they break (R1, R18, R20)."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.catalog import queries as catalog
from apps.desk import queries
from apps.desk.pages import viewer
from apps.incidents import queries as incidents


@login_required
def services(request: HttpRequest) -> HttpResponse:
    """Every service one may see, with how many incidents are open on it."""
    open_on = Counter(incidents.open_incidents(viewer(request)).values_list("services", flat=True))
    listed = catalog.services_of(queries.visible_teams(viewer(request)))
    context = {"services": [(service, open_on[service.pk]) for service in listed]}
    return render(request, "catalog/services.html", context)
