"""The signed link in a page: it shows the incident in a few words and one button; no sign-in (contract, ``/ack/``)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.incidents.models import Via
from apps.notifications import answers, links
from apps.notifications.models import Notification
from apps.teams import access


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows, and changes nothing (mail programs open links); POST acknowledges as the pages' receiver."""
    try:
        pages = links.pages_of(token)
    except links.ExpiredLink as failure:
        return render(request, "desk/acknowledge.html", {"failure": failure}, status=410)
    except links.UnknownLink as failure:
        return render(request, "desk/acknowledge.html", {"failure": failure}, status=404)
    seen = [page for page in pages if _may_see(page)]
    told = answers.acknowledge_all(seen, via=Via.EMAIL) if request.method == "POST" else []
    pages = links.pages_of(token) if told else pages
    seen = [page for page in pages if _may_see(page)]
    refused = [answer for answer in told if not answer.done]
    all_refused = bool(told) and len(refused) == len(told)
    context = {
        "person": pages[0].person,
        "pages": pages,
        "seen": seen,
        "is_waiting": any(page.acknowledged_at is None for page in seen),
        "refused": refused,
        "failure": refused[0].text if all_refused else "",
    }
    return render(request, "desk/acknowledge.html", context, status=409 if all_refused else 200)


def _may_see(page: Notification) -> bool:
    """Whether its receiver still may see what it is about: whoever is no longer asked may not."""
    return page.incident is None or access.may(page.person, access.Permission.VIEW, page.incident)
