"""The services: who owns them, what they need, and where to look when they break (R1, R18, R20)."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.catalog import queries as catalog
from apps.core import clock
from apps.desk import queries
from apps.desk.pages import viewer
from apps.escalation import queries as escalation
from apps.incidents import queries as incidents
from apps.postmortems import queries as postmortems


@login_required
def services(request: HttpRequest) -> HttpResponse:
    """Every service one may see: how many incidents are open on it, which chains they climb, what is worked on."""
    open_on = Counter(incidents.open_incidents(viewer(request)).values_list("services", flat=True))
    listed = list(catalog.services_of(queries.visible_teams(viewer(request))))
    climbed = escalation.policies_of(listed)
    under = catalog.windows_by_service(listed, clock.now())
    links = {link.url for service in listed for link in service.links.all()}
    context = {
        "services": [(service, open_on[service.pk], climbed[service.pk], under[service.pk]) for service in listed],
        "because": postmortems.improvements_visible_to(viewer(request)).filter(url__in=links).order_by("url", "pk"),
    }
    return render(request, "catalog/services.html", context)
