"""Raising by hand, in two steps: who would be woken is shown before anybody is (R13)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from apps.core.errors import HouseError
from apps.desk import around
from apps.desk.forms.responding import EscalateForm, RaiseForm
from apps.desk.pages import incident_or_404, say_failure, say_invalid, viewer
from apps.escalation import actions as escalation


@login_required
@require_GET
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    """Name who would be paged now by the level or trigger that was picked, and ask for the reason."""
    incident = incident_or_404(request, number)
    form = RaiseForm(request.GET)
    if not form.is_valid():
        say_invalid(request, form)
        return redirect(incident)
    level, trigger = form.cleaned_data["level"], form.cleaned_data["trigger"]
    try:
        rehearsal = escalation.rehearse(
            incident.pk, by=viewer(request), level=level, trigger=trigger.key if trigger else None
        )
    except HouseError as failure:
        say_failure(request, failure)
        return redirect(incident)
    # What is confirmed is what happens: "the next level" becomes its number, so that nobody confirms another one.
    chosen = level if level is not None or trigger is not None else rehearsal.asked
    context = {
        "incident": incident,
        "rehearsal": rehearsal,
        "trigger": trigger,
        "form": EscalateForm(
            initial={
                "level": chosen,
                "trigger": trigger.key if trigger else None,
                "agreed": around.agreed(rehearsal.people),
            }
        ),
    }
    return render(request, "incidents/escalate.html", context)
