"""Asking for mail, confirming and leaving. No session and no cookie stands behind these forms: a link in a mail does.

Links are looked at by machines before people see them, so that only a press on a button does something.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from apps.communications.status_page import subscribing
from apps.communications.status_page.views import refused_for_asking_too_much, rendered
from apps.core.errors import Invalid
from apps.core.quotas import Policy
from apps.core.texts import is_number


@never_cache
@csrf_exempt
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask an address by mail whether it wants more; the answer is the same whoever subscribes already."""
    if (refused := refused_for_asking_too_much(Policy.STRANGER)) is not None:
        return refused
    chosen = [int(each) for each in request.POST.getlist("component") if is_number(each)]
    try:
        subscribing.ask(request.POST.get("address", ""), chosen)
    except Invalid as error:
        return rendered("said.html", answer=HTTPStatus.UNPROCESSABLE_ENTITY, title="Not understood", words=str(error))
    words = "If mail reaches this address, a link is on its way there. Follow it to confirm."
    return rendered("said.html", title="Look into your mail", words=words)


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Let the address have mail (POST). 404 for a link that does not work any more."""
    _require(token)
    if request.method == "POST":
        subscribing.confirm(token)
        return rendered("said.html", title="You will hear of it", words="Each mail has a link by which it is the last.")
    return rendered("asked.html", title="Have mail of incidents?", button="Yes, write to me")


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Forget the address (POST): by the button here, or by that of a mail program (RFC 8058). Twice is once."""
    if request.method == "POST":
        subscribing.leave(token)
        return rendered("said.html", title="No more mail", words="The address is forgotten.")
    _require(token)
    return rendered("asked.html", title="No more mail of incidents?", button="No more")


def _require(token: str) -> None:
    if subscribing.of_token(token) is None:
        raise Http404
