"""Paging somebody directly: choose, see who will be woken, send, and watch who answers what."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.core.errors import HouseError, NotAllowed
from apps.desk import paging, receipts
from apps.desk.forms.paging import PageForm
from apps.desk.pages import say_failure, viewer
from apps.notifications import queries as notifications
from apps.notifications.models import Urgency
from apps.teams import access

#: So many of one's own pages are listed beside the form.
SHOWN = 10


@login_required
def page_somebody(request: HttpRequest) -> HttpResponse:
    """GET shows the form; POST first names who will be woken, and sends once exactly those were agreed to."""
    person = viewer(request)
    try:
        access.require_responder(person)
    except NotAllowed as failure:
        raise PermissionDenied(str(failure)) from failure
    if request.method != "POST":
        return _form(request, PageForm(initial={"to": request.GET.get("to", ""), "urgency": Urgency.HIGH}, by=person))
    form = PageForm(request.POST, by=person)
    if not form.is_valid():
        return _form(request, form, status=422)
    known = form.cleaned_data
    try:
        target = paging.resolve(known["to"], viewer=person)
        agreed = known["people"] == _ids(target)
        if agreed and target.people:
            sent = paging.page_once(target, text=known["text"], urgency=Urgency(known["urgency"]), by=person)
            return redirect("direct_page", sent.pk)
    except HouseError as failure:
        say_failure(request, failure)
        return _form(request, form, status=422)
    context = {"form": form, "target": target, "people": _ids(target), "changed": bool(known["people"]) and not agreed}
    return render(request, "desk/page_confirm.html", context)


@login_required
def sent(request: HttpRequest, number: int) -> HttpResponse:
    """One page by hand with its answers, to whoever sent or received it."""
    person = viewer(request)
    found = notifications.direct_pages_of(person).filter(pk=number).first()
    if found is None:
        raise Http404(f"No page {number}.")
    received = {each: list(each.deliveries.all()) for each in found.notifications.all()}
    context: dict[str, Any] = {
        "page": found,
        "told": receipts.of_notifications(received, viewer=person, masks_others=True),
        "mine": next((each for each in received if each.person_id == person.pk), None),
        "answered": sum(each.is_answered for each in received),
    }
    return render(request, "desk/direct_page.html", context)


def _form(request: HttpRequest, form: PageForm, *, status: int = 200) -> HttpResponse:
    earlier = notifications.direct_pages_by(viewer(request))[:SHOWN]
    return render(request, "desk/page_somebody.html", {"form": form, "earlier": earlier}, status=status)


def _ids(target: paging.Target) -> str:
    return ",".join(str(person.pk) for person in target.people)
