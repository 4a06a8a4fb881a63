"""The public pages: read by anybody, without a session or a script, and kept by browsers and proxies for a moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.views.decorators.http import conditional_page, require_safe

from apps.communications.status_page import documents, queries
from apps.communications.status_page.documents import Document
from apps.communications.status_page.feed import History
from apps.communications.status_page.keeping import FRESH, answers
from apps.communications.status_page.queries import Page
from apps.core import origins, quotas
from apps.core.quotas import Policy

View = Callable[..., HttpResponseBase]


def for_everybody(view: View) -> View:
    """A page that is the same for whoever reads it, so that what it was once may be kept; asked too often it is 429."""

    @require_safe
    @conditional_page
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if (refused := refused_for_asking_too_much(Policy.PUBLIC)) is not None:
            return refused
        response = answers.of(request.path_info, queries.told_now(), lambda: view(request, *args, **kwargs))
        response.headers["Cache-Control"] = f"public, max-age={FRESH}"
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return answer


def refused_for_asking_too_much(policy: Policy) -> HttpResponse | None:
    """Count a request of the address that asks; the answer (429) if there were too many."""
    spent = quotas.spend(policy, f"address:{origins.counted(origins.current().address)}")
    if spent is None or not spent.is_exceeded:
        return None
    refused = HttpResponse("Too many requests.\n", status=429, content_type="text/plain")
    refused.headers["Retry-After"] = str(max(spent.seconds, 1))
    return refused


@for_everybody
def status_page(request: HttpRequest) -> HttpResponse:
    """How the components are, what is wrong, and what is worked on."""
    return rendered("page.html", page=queries.page())


@for_everybody
def incident(request: HttpRequest, code: str) -> HttpResponse:
    """One incident, with everything that was told of it."""
    publication = get_object_or_404(queries.with_updates(queries.standing()), code=code)
    affected = queries.affected_now(publication)
    components = [each for each in queries.shown_components() if each.pk in affected]
    return rendered("incident.html", publication=publication, components=components)


@for_everybody
def feed(request: HttpRequest) -> HttpResponse:
    """The history as an Atom feed."""
    return History()(request)


@for_everybody
def banner(request: HttpRequest) -> HttpResponse:
    """A script that any web page of yours may have: it shows a line there while something is wrong (R26)."""
    answer = HttpResponse(render_to_string("status_page/banner.js"), content_type="text/javascript; charset=utf-8")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def document(make: Callable[[Page], Document]) -> View:
    """A view of what ``make`` says of the page."""

    @for_everybody
    @wraps(make)
    def view(request: HttpRequest) -> HttpResponse:
        return JsonResponse(make(queries.page()))

    return view


summary, status, components, incidents, maintenances, banner_line = map(
    document,
    (
        documents.summary, documents.status, documents.components, documents.incidents, documents.maintenances,
        documents.line,
    ),
)  # fmt: skip


def rendered(template: str, *, answer: int = 200, **shown: Any) -> HttpResponse:
    """The page without anything of a request: no session is read for it."""
    context = {"name": settings.STATUS_PAGE_NAME, **shown}
    return HttpResponse(render_to_string(f"status_page/{template}", context), status=answer)
