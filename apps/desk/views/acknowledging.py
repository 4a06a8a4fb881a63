"""The signed link in a page: it shows the incident in a few words and one button; no sign-in (contract, ``/ack/``)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.core.errors import HouseError
from apps.incidents import actions as incidents
from apps.incidents.models import Via
from apps.notifications import links


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows, and changes nothing (mail programs open links); POST acknowledges as the page's receiver."""
    try:
        notification = links.from_token(token)
    except links.ExpiredLink as failure:
        return render(request, "desk/acknowledge.html", {"failure": failure}, status=410)
    except links.UnknownLink as failure:
        return render(request, "desk/acknowledge.html", {"failure": failure}, status=404)
    incident = notification.incident
    if incident is None:
        return render(request, "desk/acknowledge.html", {"failure": "This link is not valid."}, status=404)
    context = {"notification": notification, "incident": incident}
    if request.method == "POST":
        try:
            incidents.acknowledge(incident.pk, by=notification.person, via=Via.EMAIL)
        except HouseError as failure:
            return render(request, "desk/acknowledge.html", {**context, "failure": failure}, status=409)
        notification.refresh_from_db()
        incident.refresh_from_db()
    return render(request, "desk/acknowledge.html", context)
