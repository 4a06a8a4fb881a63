"""The record for who audits: its lines by filter, searches kept by name, and an incident as it was at an instant."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.audit.actions import keep_search
from apps.audit.forms import AsOfForm, SaveForm, SearchForm
from apps.audit.models import SavedView
from apps.audit.record.as_of import AsOf, as_of
from apps.audit.record.search import LINES, Page, Place, page
from apps.audit.record.told import tell, told_of
from apps.core import clock
from apps.core.errors import Invalid
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.incidents.reading import note_reading
from apps.teams import access
from apps.teams.models import User


@login_required
def record(request: HttpRequest) -> HttpResponse:
    """Who did what, when, on what, from where, from what to what: newest first, as far as the viewer audits."""
    viewer = _auditor(request)
    form = SearchForm(request.GET, by=viewer)
    found = Page([], older=False, newer=False)
    if form.is_valid():
        found = page(
            viewer, form.as_asked(), size=LINES, before=_place(request, "before"), after=_place(request, "after")
        )
    filters = request.GET.copy()
    for name in ("before", "after"):
        filters.pop(name, None)
    lines = tell(found.places)
    note_reading(*told_of(lines), by=viewer)
    context = {
        "form": form,
        "lines": lines,
        "older": _further(filters, "before", found.places[-1]) if found.older and found.places else "",
        "newer": _further(filters, "after", found.places[0]) if found.newer and found.places else "",
        "saved": SavedView.objects.filter(person=viewer),
        "save_form": SaveForm(initial={"query": _asked(filters)}),
        "is_filtered": bool(_asked(filters)),
        "zone": timezone.get_current_timezone_name(),
    }
    return render(request, "audit/record.html", context, status=200 if form.is_valid() else 422)


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep a search under a name; one of that name is replaced."""
    viewer = _auditor(request)
    form = SaveForm(request.POST)
    query = _asked(QueryDict(request.POST.get("query", "")))
    if form.is_valid():
        kept, is_new = keep_search(viewer, name=form.cleaned_data["name"], query=query)
        messages.success(request, f"Kept as {kept}." if is_new else f"{kept} is replaced.")
    else:
        messages.error(request, "Give the view a name of at most 80 characters.")
    return redirect(f"{reverse('audit')}?{query}")


@login_required
@require_POST
def forget(request: HttpRequest, number: int) -> HttpResponse:
    """Remove one of one's own kept searches."""
    kept = get_object_or_404(SavedView, pk=number, person=request.user)
    kept.delete()
    messages.success(request, f"{kept.name} is removed.")
    return redirect("audit")


@login_required
def incident_as_of(request: HttpRequest, number: int) -> HttpResponse:
    """An incident as it was at an instant, for whoever may see it; without one, as it is now."""
    viewer = cast("User", request.user)
    shown = incidents.visible_to(viewer).select_related("severity", "team").filter(pk=number).first()
    if shown is None:
        raise Http404(f"No incident INC-{number}.")
    now = timezone.localtime(clock.now())
    form = AsOfForm(request.GET if "at" in request.GET else None, initial={"at": now})
    then = None if form.is_bound and not form.is_valid() else _then(shown, form, now)
    if then is not None:
        note_reading(shown, by=viewer)
    status = 422 if form.errors else 200
    if then is not None:  # what was asked with an offset stands there by the viewer's clock
        form = AsOfForm(initial={"at": timezone.localtime(then.at)})
    context = {"incident": shown, "form": form, "then": then}
    return render(request, "audit/as_of.html", context, status=status)


def _then(incident: Incident, form: AsOfForm, now: datetime) -> AsOf | None:
    """What was known at the time that was asked for; None, and a word in the form, where there was nothing yet."""
    try:
        return as_of(incident, min(form.cleaned_data["at"], now) if form.is_bound else now)
    except Invalid as failure:
        form.add_error("at", str(failure))
        return None


def _auditor(request: HttpRequest) -> User:
    """The viewer, who audits something. Raises PermissionDenied for everybody else."""
    viewer = cast("User", request.user)
    if access.audited_team_ids(viewer) == set():
        raise PermissionDenied("The record is there for who audits it.")
    return viewer


def _place(request: HttpRequest, name: str) -> Place | None:
    """The place in the record that the address names. Raises Http404 for what is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        return Place.read(text)
    except Invalid as error:
        raise Http404(str(error)) from error


def _asked(filters: QueryDict) -> str:
    """The filters that say something, as they stand in an address."""
    known = SearchForm.base_fields.keys()
    said = QueryDict(mutable=True)
    for name, value in filters.items():
        if name in known and value:
            said[name] = str(value)
    return said.urlencode()


def _further(filters: QueryDict, name: str, place: Place) -> str:
    """The filters' address of the page beyond ``place``."""
    said = QueryDict(_asked(filters), mutable=True)
    said[name] = str(place)
    return said.urlencode()
