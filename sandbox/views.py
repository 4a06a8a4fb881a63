"""Everything that left the house, as its receivers see it, and as JSON for tests and tools."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from sandbox.cards import cards
from sandbox.diary import Diary
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
    diary = _diary().happenings()
    everything, to = _outbox().rows(), request.GET.get("to", "")
    rows = [row for row in everything if not to or row.to == to]
    return render(
        request,
        "sandbox/page.html",
        {
            "cards": cards(rows[: -SHOWN - 1 : -1], diary),
            "total": len(rows),
            "to": to,
            "receivers": sorted({row.to for row in everything}),
            "writers": sorted({row.to for row in everything if "@" in row.to}),
            "channels": sorted({row.to for row in everything if row.channel == "chat" and row.to.startswith("#")}),
            "newest": rows[-1].at if rows else "",
            "heard": diary[-1].at if diary else "",
        },
    )


@never_cache
@require_GET
def newer(request: HttpRequest) -> HttpResponse:
    """What came after ``?since=`` and what happened after ``?heard=``, for the open page; 204 when nothing did."""
    to, diary = request.GET.get("to", ""), _diary().happenings()
    try:
        since, heard = _instant(request.GET.get("since", "")), _instant(request.GET.get("heard", ""))
    except ValueError as error:
        return HttpResponseBadRequest(f"since: {error}", content_type="text/plain")
    rows = _outbox().rows(to=to)
    fresh = [row for row in rows if not since or row.instant > since]
    touched = {each.message for each in diary if not heard or each.instant > heard}
    changed = [row for row in rows[-SHOWN:] if row.message in touched and row not in fresh]
    if not fresh and not changed:
        return HttpResponse(status=204)
    context = {
        "cards": cards(fresh[::-1], diary),
        "changed": cards(changed, diary),
        "to": to,
        "newest": fresh[-1].at if fresh else request.GET.get("since", ""),
        "heard": diary[-1].at if diary else "",
    }
    return render(request, "sandbox/_newer.html", context)


@never_cache
@require_GET
def outbox_json(request: HttpRequest) -> HttpResponse:
    """A bare list, one row a receiver, oldest first, after ``?since=`` (ISO 8601, exclusive); 400 for no time.

    The text of a call is what was said in it so far.
    """
    try:
        since = _instant(request.GET.get("since", ""))
    except ValueError as error:
        problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": f"since: {error}"}
        return JsonResponse(problem, status=400, content_type="application/problem+json")
    sent = cards(_outbox().rows(since=since), _diary().happenings())
    return JsonResponse([card.row.as_contract() | {"text": card.text} for card in sent], safe=False)


@never_cache
@require_GET
@xframe_options_sameorigin
def body(request: HttpRequest, message: str) -> HttpResponse:
    """The HTML part of one mail, for a frame: no scripts, nothing loaded, links open in the page around it."""
    try:
        html = _outbox().html(message)
    except FileNotFoundError as error:
        raise Http404 from error
    base = '<base target="_top">'
    inserted, count = _HEAD.subn(lambda head: head.group() + base, html, count=1)
    return HttpResponse(inserted if count else base + html, headers={"Content-Security-Policy": BODY_POLICY})


def _diary() -> Diary:
    return Diary(Path(settings.SANDBOX_DIR))


def _outbox() -> Outbox:
    return Outbox(Path(settings.SANDBOX_DIR))


def _instant(text: str) -> datetime | None:
    """Read an instant; without a zone it is UTC. A ``+`` that a client left unquoted arrives as a space."""
    if not text:
        return None
    instant = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text) if "T" in text else text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
