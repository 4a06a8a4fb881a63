"""Reading the procedures, and trying them out on a page: nobody is told, and nothing is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.contacts.models import ContactMethod
from apps.core import clock
from apps.core.errors import Conflict, HouseError
from apps.incidents.models import ProceduresRevision
from apps.postmortems import queries as postmortems
from apps.procedures import forms, lines, page
from apps.procedures.simulation import simulate
from apps.teams import access
from apps.teams.models import User

_turn = threading.Lock()
#: A page waits no longer for a simulation, and shows what it has by then.
WITHIN = timedelta(seconds=6)
#: So many revisions are on a page.
REVISIONS = 20


@require_safe
@login_required
def rehearse(request: HttpRequest) -> HttpResponse:
    """What would happen to an incident of a service whose team's matters one may see; its address may be passed on."""
    person = cast("User", request.user)
    asked, wants_a_row = "service" in request.GET, "more" in request.GET
    form = forms.RehearsalForm(request.GET if asked else None, by=person)
    rows = forms.rows(request.GET, by=person, one_more=wants_a_row)
    context = {"form": form, "rows": rows, "may_add": rows.total_form_count() < forms.MOST_ROWS}
    if not asked or wants_a_row:
        return render(request, "procedures/rehearse.html", context)
    if not form.is_valid() or (rows.is_bound and not rows.is_valid()):
        return render(request, "procedures/rehearse.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    known = form.cleaned_data
    answers = [row.answer for row in rows if row.answer is not None]
    try:
        with _one_at_a_time():
            moments = simulate(
                known["severity"], known["service"], at=known["at"] or clock.now(), answers=answers, within=WITHIN
            )
    except HouseError as failure:
        status = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(failure, Conflict) else HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "procedures/rehearse.html", {**context, "failure": failure}, status=status)
    context |= {"instants": lines.instants(moments, known=_addresses_known_to(person)), **known}
    return render(request, "procedures/rehearse.html", context)


@require_safe
@login_required
def procedures(request: HttpRequest) -> HttpResponse:
    """The procedures in force, to read and to print, and their revisions, the newest first (R36)."""
    return _read(request, ProceduresRevision.objects.first())


@require_safe
@login_required
def revision(request: HttpRequest, number: int) -> HttpResponse:
    """The procedures as they stood from an earlier revision on, which incidents of that time ran under.

    Whoever reads none does not learn which there are.
    """
    if not access.belongs_here(cast("User", request.user)):
        raise Http404
    return _read(request, get_object_or_404(ProceduresRevision, pk=number))


def _read(request: HttpRequest, shown: ProceduresRevision | None) -> HttpResponse:
    """Whoever may look nobody up reads nothing: the document names people and how to reach them."""
    if not access.belongs_here(cast("User", request.user)):
        raise PermissionDenied
    known = ProceduresRevision.objects.defer("document").select_related("created_by")
    revisions = Paginator(known, REVISIONS).get_page(request.GET.get("page"))
    brought = postmortems.improvements_visible_to(request.user).filter(revision__in=list(revisions))
    context = {
        "shown": shown,
        "because": brought.order_by("revision", "pk"),
        "in_force": known.first(),
        "parts": page.parts_of(page.document_of(shown)) if shown else [],
        "revisions": revisions,
    }
    return render(request, "procedures/read.html", context)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let a process rehearse for one person only: its other threads answer pages. Raises Conflict to the others."""
    if not _turn.acquire(blocking=False):
        raise Conflict("Somebody else rehearses at the moment; try again in a few seconds.")
    try:
        yield
    finally:
        _turn.release()


def _addresses_known_to(person: User) -> set[str]:
    """Those of the person, and of everybody in a team whose matters they may see."""
    teams = access.team_ids(person, access.Permission.VIEW)
    known = ContactMethod.objects.filter(Q(person=person) | Q(person__memberships__team__in=teams))
    return set(known.values_list("value", flat=True))
