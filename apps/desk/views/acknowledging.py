"""The signed link in a page: the incident in a few words and what to answer; no sign-in (contract, ``/ack/``)."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.core.errors import HouseError
from apps.desk import around
from apps.escalation import actions as escalation
from apps.escalation import queries
from apps.incidents.models import Via
from apps.notifications import answers, links
from apps.notifications.answers import Answered
from apps.notifications.models import Notification
from apps.teams import access
from apps.teams.models import User

#: What a button of the page sends as ``answer``; without one it is acknowledged.
ACKNOWLEDGE, DECLINE, ESCALATE = "acknowledge", "decline", "escalate"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows, and changes nothing (mail programs open links); POST answers as the pages' receiver.

    Escalating takes two: the first names who would be woken, the second sends the names back as ``confirmed``.
    """
    try:
        pages = links.pages_of(token)
    except links.ExpiredLink as failure:
        return render(request, "desk/acknowledge.html", {"failure": failure}, status=410)
    except links.UnknownLink as failure:
        return render(request, "desk/acknowledge.html", {"failure": failure}, status=404)
    seen = _seen(pages)
    if request.method != "POST":
        return _shown(request, pages)
    wish = request.POST.get("answer", ACKNOWLEDGE)
    if wish == ACKNOWLEDGE:
        told = answers.acknowledge_all(seen, via=Via.EMAIL)
    elif wish == DECLINE:
        each_once = {page.incident_id or f"by hand {page.pk}": page for page in seen}
        told = [answers.decline(page, via=Via.EMAIL) for page in each_once.values()]
    elif wish == ESCALATE and len(pages) == 1:
        return _escalate(request, token, seen)
    else:
        return HttpResponseBadRequest("There is no such answer.")
    return _shown(request, links.pages_of(token), told)


def _escalate(request: HttpRequest, token: str, seen: Sequence[Notification]) -> HttpResponse:
    """Name who would be woken; what is confirmed wakes these on this level, and nobody else."""
    told: list[Answered] = []
    for page in seen:
        try:
            rehearsal = escalation.rehearse_for(page, level=_level(request))
        except HouseError as failure:
            told.append(Answered(page, str(failure), done=False))
            continue
        agreed, confirmed = around.agreed(rehearsal.people), request.POST.get("confirmed")
        if confirmed != agreed:
            context = {"page": page, "rehearsal": rehearsal, "agreed": agreed, "changed": confirmed is not None}
            return render(request, "desk/acknowledge_escalating.html", context)
        told.append(escalation.call_for_others_than(page, via=Via.EMAIL, level=rehearsal.asked))
    return _shown(request, links.pages_of(token), told, escalated=any(answer.done for answer in told))


def _level(request: HttpRequest) -> int | None:
    """The level that was confirmed; None where nothing was yet."""
    sent = request.POST.get("level", "")
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) == 1 else None


def _shown(
    request: HttpRequest, pages: Sequence[Notification], told: Sequence[Answered] = (), *, escalated: bool = False
) -> HttpResponse:
    """The pages, what became of an answer just given, and what can be answered still."""
    seen = _seen(pages)
    refused = [answer for answer in told if not answer.done]
    context = {
        "person": pages[0].person,
        "pages": pages,
        "seen": seen,
        "refused": refused,
        "escalated": escalated,
        "all_acknowledged": bool(seen) and all(page.acknowledged_at for page in seen),
        "all_declined": bool(seen) and all(page.declined_at and not page.acknowledged_at for page in seen),
        "handed_to": _handed_to(seen),
        "may_acknowledge": any(_may_acknowledge(page) for page in seen),
        "may_decline": any(_may_decline(page) for page in seen),
        "may_escalate": len(pages) == 1 and any(_may_escalate(page) for page in seen),
    }
    all_refused = bool(told) and len(refused) == len(told)
    return render(request, "desk/acknowledge.html", context, status=409 if all_refused else 200)


def _seen(pages: Sequence[Notification]) -> list[Notification]:
    """Those whose receiver still may see what they are about: whoever is no longer asked may not."""
    return [
        page
        for page in pages
        if page.incident is None or access.may(page.person, access.Permission.VIEW, page.incident)
    ]


def _handed_to(seen: Sequence[Notification]) -> list[User]:
    """To whom the one incident of the pages was handed before its receiver answered, while they have not either."""
    if len(seen) != 1 or seen[0].incident is None or seen[0].is_answered or seen[0].withdrawn_at is None:
        return []
    handed = queries.reassigned_to(seen[0].incident)
    return handed.people if handed else []


def _may_decline(page: Notification) -> bool:
    """What was handed to others meanwhile is nothing that its receiver would have to pass on."""
    is_running = page.incident is None or page.incident.is_open
    return is_running and not page.is_answered and page.withdrawn_at is None


def _may_acknowledge(page: Notification) -> bool:
    """Whoever declined can take an incident on after all; a page by hand is answered once."""
    if page.incident is None:
        return not page.is_answered
    return page.acknowledged_at is None and page.incident.is_open


def _may_escalate(page: Notification) -> bool:
    incident = page.incident
    if incident is None or queries.next_by_hand(incident) is None:
        return False
    return access.may(page.person, access.Permission.RESPOND, incident)
