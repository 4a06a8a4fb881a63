"""My pages: everything one was told, what became of it, and what still waits for one's answer."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.desk import receipts
from apps.desk.pages import led_back, say_done, say_problem, viewer
from apps.incidents.models import Via
from apps.notifications import actions, answers
from apps.notifications import queries as notifications
from apps.notifications.answers import Answered
from apps.notifications.models import PAGES, Notification

PAGE_SIZE = 30
LONGEST_REASON = 500


@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for an answer first, then everything else, newest first."""
    person, show = viewer(request), request.GET.get("show", "")
    told = notifications.pages_of(person, unanswered=show == "unanswered")
    if show == "pages":
        told = told.filter(kind__in=PAGES)
    page = Paginator(told, PAGE_SIZE).get_page(request.GET.get("page"))
    listed = {each: list(each.deliveries.all()) for each in page.object_list}
    context = {
        "page": page,
        "show": show,
        "told": receipts.of_notifications(listed, viewer=person),
        "waiting": notifications.pages_waiting_for(person).count(),
    }
    return render(request, "desk/inbox.html", context)


@login_required
@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    """Empty the bell."""
    actions.mark_read(viewer(request))
    return redirect("inbox")


@login_required
@require_POST
def acknowledge_all(request: HttpRequest) -> HttpResponse:
    """Take on everything that waits for me."""
    told = answers.acknowledge_all_of(viewer(request), via=Via.WEB)
    for answer in dict.fromkeys(each.text for each in told if not each.done):
        say_problem(request, answer)
    done = list(dict.fromkeys(each.text for each in told if each.done))
    say_done(request, "\n".join(done) if told else "Nothing waits for you.")
    return led_back(request, otherwise="inbox")


@login_required
@require_POST
def acknowledge(request: HttpRequest, page: int) -> HttpResponse:
    """Take one page on."""
    return _answer(request, page, lambda found: answers.acknowledge(found, via=Via.WEB))


@login_required
@require_POST
def decline(request: HttpRequest, page: int) -> HttpResponse:
    """Say that I cannot take one page on, and why."""
    reason = request.POST.get("reason", "").replace("\0", "")[:LONGEST_REASON]
    return _answer(request, page, lambda found: answers.decline(found, via=Via.WEB, reason=reason))


def _answer(request: HttpRequest, page: int, act: Callable[[Notification], Answered]) -> HttpResponse:
    """Answer a page of the viewer's own: those of others do not exist here."""
    own = Notification.objects.filter(person=viewer(request), kind__in=PAGES)
    found = get_object_or_404(own.select_related("person", "incident__severity", "direct__by"), pk=page)
    answer = act(found)
    (say_done if answer.done else say_problem)(request, answer.text)
    return led_back(request, otherwise="inbox")
