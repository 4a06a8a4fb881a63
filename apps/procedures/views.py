"""Trying the procedures out on a page: nobody is told, and nothing is kept."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.errors import Conflict, HouseError
from apps.procedures import forms, lines
from apps.procedures.simulation import simulate
from apps.teams.models import User

#: A page waits no longer for a simulation, and shows what it has by then.
WITHIN = timedelta(seconds=6)


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
        moments = simulate(
            known["severity"], known["service"], at=known["at"] or clock.now(), answers=answers, within=WITHIN
        )
    except HouseError as failure:
        status = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(failure, Conflict) else HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "procedures/rehearse.html", {**context, "failure": failure}, status=status)
    context |= {"instants": lines.instants(moments), **known}
    return render(request, "procedures/rehearse.html", context)
