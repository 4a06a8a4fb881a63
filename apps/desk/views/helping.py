"""The people around a running incident: asking for help, handing it on, declining, watching.

Whatever wakes people is confirmed on a page that names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.core.errors import HouseError
from apps.desk import around
from apps.desk.forms import helping as forms
from apps.desk.pages import attempt, incident_or_404, say_done, say_failure, viewer
from apps.desk.views.responding import IncidentAction
from apps.escalation import actions as escalation
from apps.escalation import outlook, queries
from apps.escalation.models import RunLevel
from apps.incidents import actions
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, Via
from apps.notifications import answers
from apps.notifications import queries as reach
from apps.teams import access
from apps.teams.models import User

#: What a form that was confirmed sends besides its fields: exactly whom the page had named.
CONFIRMED = "confirmed"


@login_required
def ask(request: HttpRequest, number: int) -> HttpResponse:
    """Choose whom to ask to respond; then who is woken is named; confirmed, they are paged."""
    incident = incident_or_404(request, number)
    form = forms.AskForm(request.POST or None, auto_id="ask_%s", by=viewer(request))
    woken: list[User] = []
    try:
        access.require(viewer(request), access.Permission.RESPOND, incident)
        if request.method == "POST" and form.is_valid():
            woken = form.chosen()
            if _is_confirmed(request, woken):
                asked = actions.ask_responders(
                    incident.pk, people=woken, by=viewer(request), message=form.cleaned_data["message"], via=Via.WEB
                )
                say_done(request, f"{', '.join(str(each.person) for each in asked)} asked to respond.")
    except HouseError as failure:
        say_failure(request, failure)
        return redirect(incident)
    if woken and _is_confirmed(request, woken):
        return redirect(incident)
    return _page(request, incident, form, woken, title="Ask for help", verb="Ask them now")


@login_required
def reassign(request: HttpRequest, number: int) -> HttpResponse:
    """Choose to whom the incident is handed; then who is woken is named; confirmed, they are paged."""
    incident = incident_or_404(request, number)
    form = forms.ReassignForm(request.POST or None, auto_id="reassign_%s", by=viewer(request))
    try:
        access.require(viewer(request), access.Permission.RESPOND, incident)
    except HouseError as failure:
        say_failure(request, failure)
        return redirect(incident)
    woken: list[User] = []
    given_up: list[RunLevel] = []
    if request.method == "POST" and form.is_valid():
        known = form.cleaned_data
        people, policy = list(known["people"]), known["policy"]
        given_up = queries.levels_to_come(incident) if policy else []
        woken = outlook.who_would_begin(policy, incident) if policy else people
        if _is_confirmed(request, woken):
            attempt(
                request,
                lambda: escalation.reassign(
                    incident.pk, people=people, policy=policy, reason=known["reason"], by=viewer(request), via=Via.WEB
                ),
                done="Reassigned.",
            )
            return redirect(incident)
    return _page(request, incident, form, woken, title="Reassign", verb="Reassign now", given_up=given_up)


def _page(
    request: HttpRequest,
    incident: Incident,
    form: Any,
    woken: list[User],
    *,
    title: str,
    verb: str,
    given_up: Sequence[RunLevel] = (),
) -> HttpResponse:
    chosen = form.is_bound and form.is_valid()
    reached = reach.reachable(woken)
    context = {
        "incident": incident,
        "form": form,
        "chosen": chosen,
        "woken": reached,
        "missed": [person for person in woken if person not in reached],
        "given_up": given_up,
        "title": title,
        "verb": verb,
        "agreed": around.agreed(woken),
        "changed": CONFIRMED in request.POST,
        "sent": [(name, value) for name, values in request.POST.lists() for value in values if name in form.fields],
    }
    status = 422 if form.is_bound and not chosen else 200
    return render(request, "incidents/wake.html", context, status=status)


def _is_confirmed(request: HttpRequest, woken: list[User]) -> bool:
    """Whether somebody agreed to wake exactly these; whoever else stands behind the choice by now is shown first."""
    return request.POST.get(CONFIRMED) == around.agreed(woken)


class Decline(IncidentAction):
    form_class = forms.DeclineForm
    done = "You declined. Nothing more is sent to you for what you were paged for."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        answers.decline_incident(incident.pk, by=by, via=Via.WEB, reason=known["reason"])


class EscalateNow(IncidentAction):
    """One press for whoever was paged and needs the next level now; without scripts a page asks them to confirm."""

    done = "Escalated."

    def post(self, request: HttpRequest, number: int, **found: int) -> HttpResponse:
        """Name who is woken until that is confirmed."""
        incident = incident_or_404(request, number)
        asked = around.asked_of(incident, viewer(request))
        if asked is not None and asked.next_level is not None and not _is_confirmed(request, asked.woken):
            form = Form(request.POST)
            return _page(request, incident, form, asked.woken, title="Escalate", verb="Escalate now")
        return super().post(request, number, **found)

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        escalation.call_for_others(incident.pk, by=by, via=Via.WEB)


class AnswerRequest(IncidentAction):
    form_class = forms.AnswerRequestForm

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        request = get_object_or_404(incidents.requests_of(incident), pk=known["asked"])
        answers.answer_request(request.pk, known["answer"], by=by, via=Via.WEB, reason=known["reason"])


class Watch(IncidentAction):
    form_class = forms.WatchForm

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        change = actions.watch if known["watch"] else actions.unwatch
        change(incident.pk, by=by, person=known["person"], via=Via.WEB)
