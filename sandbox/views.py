"""Everything that left the house, as its receivers see it, and as JSON for tests and tools."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from sandbox.outbox import Outbox

SHOWN = 100
BODY_POLICY = (
    "sandbox allow-popups allow-top-navigation-by-user-activation; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


@never_cache
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The newest messages first, of everybody or of the receiver ``?to=``."""
    everything, to = _outbox().rows(), request.GET.get("to", "")
    rows = [row for row in everything if not to or row.to == to]
    return render(
        request,
        "sandbox/page.html",
        {
            "rows": rows[: -SHOWN - 1 : -1],
            "total": len(rows),
            "to": to,
            "receivers": sorted({row.to for row in everything}),
            "newest": rows[-1].at if rows else "",
        },
    )


@never_cache
@require_GET
def newer(request: HttpRequest) -> HttpResponse:
    """The messages that came after ``?since=``, for the open page; 204 when there are none."""
    to = request.GET.get("to", "")
    try:
        rows = _outbox().rows(since=_instant(request.GET.get("since", "")), to=to)
    except ValueError as error:
        return HttpResponseBadRequest(f"since: {error}", content_type="text/plain")
    if not rows:
        return HttpResponse(status=204)
    return render(request, "sandbox/_newer.html", {"rows": rows[::-1], "to": to, "newest": rows[-1].at})


@never_cache
@require_GET
def outbox_json(request: HttpRequest) -> HttpResponse:
    """A bare list, one row a receiver, oldest first, after ``?since=`` (ISO 8601, exclusive); 400 for no time."""
    try:
        since = _instant(request.GET.get("since", ""))
    except ValueError as error:
        problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": f"since: {error}"}
        return JsonResponse(problem, status=400, content_type="application/problem+json")
    return JsonResponse([row.as_contract() for row in _outbox().rows(since=since)], safe=False)


@never_cache
@require_GET
def body(request: HttpRequest, message: str) -> HttpResponse:
    """The HTML part of one mail, for a frame: no scripts, nothing loaded, links open in the page around it."""
    try:
        html = _outbox().html(message)
    except FileNotFoundError as error:
        raise Http404 from error
    base = '<base target="_top">'
    inserted, count = _HEAD.subn(lambda head: head.group() + base, html, count=1)
    return HttpResponse(inserted if count else base + html, headers={"Content-Security-Policy": BODY_POLICY})


def _outbox() -> Outbox:
    return Outbox(Path(settings.SANDBOX_DIR))


def _instant(text: str) -> datetime | None:
    """Read an instant; without a zone it is UTC. A ``+`` that a client left unquoted arrives as a space."""
    if not text:
        return None
    instant = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text) if "T" in text else text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
