"""Reports of users: the form, what became of one, and the queue of those that wait for a decision (R3)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.core import origins, quotas
from apps.core.errors import HouseError, Invalid
from apps.core.quotas import Policy
from apps.desk.forms import user_reports as forms
from apps.desk.pages import say_done, say_failure, say_invalid, viewer
from apps.incidents import queries as incidents
from apps.incidents.models import Incident, Via
from apps.reports import actions, links, queries
from apps.reports.models import Report
from apps.teams import access
from apps.teams.models import User

#: So many of one's own reports, and of those that are decided, are shown, the latest.
SHOWN = 25


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form for whoever is signed in, and for strangers where the house takes reports of them."""
    by = request.user if isinstance(request.user, User) else None
    if by is None and not settings.REPORTS_FROM_ANYBODY:
        return redirect_to_login(request.get_full_path())
    form = forms.ReportForm(request.POST or None, by=by)
    if not form.is_valid():
        return render(request, "reports/report.html", {"form": form}, status=422 if form.is_bound else 200)
    if _reports_too_much(by):
        return render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    try:
        made = actions.report(by=by, **form.cleaned_data)
    except HouseError as failure:
        if not form.is_told(failure):
            say_failure(request, failure)
        return render(request, "reports/report.html", {"form": form}, status=HTTPStatus.CONFLICT)
    return redirect("report_state", links.token_of(made))


@never_cache
@require_http_methods(["GET", "HEAD"])
def state(request: HttpRequest, token: str) -> HttpResponse:
    """What became of the report that the signed link is for; of an incident nothing is told."""
    found = links.report_of(token)
    if found is None:
        raise Http404("There is no such report.")
    return render(request, "reports/state.html", {"report": found})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that waits, with the forms by which it is decided."""

    report: Report
    accept: forms.AcceptForm
    attach: forms.AttachForm
    reject: forms.RejectForm


@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for the viewer's decision, what was decided, and what they reported themselves."""
    person = viewer(request)
    offered = forms.offered_to(person)
    waiting = [
        Waiting(
            report,
            forms.AcceptForm(by=person, report=report, offered=offered),
            forms.AttachForm(report=report),
            forms.RejectForm(report=report),
        )
        for report in queries.to_decide(person)[:SHOWN]
    ]
    decided = queries.decidable(person).filter(decided_at__isnull=False).order_by("-decided_at")[:SHOWN]
    seen = set(incidents.visible_to(person).filter(reports__in=list(decided)).values_list("pk", flat=True))
    context = {
        "waiting": waiting,
        "more": max(queries.to_decide(person).count() - SHOWN, 0),
        "decided": [(report, report.incident if report.incident_id in seen else None) for report in decided],
        "own": [(report, links.url_of(report)) for report in queries.own(person).order_by("-pk")[:SHOWN]],
        "may_decide": bool(access.active_team_ids(person, access.Permission.RESPOND)),
    }
    return render(request, "reports/queue.html", context)


class Decide(LoginRequiredMixin, View):
    """A POST that decides a report, says how it went, and goes on to the incident or back to the queue."""

    http_method_names = ["post"]
    done = ""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Decide it, if the form is complete and the house's rules allow it."""
        found = get_object_or_404(queries.decidable(viewer(request)), pk=pk)
        form = self.form(found)
        if not form.is_valid():
            say_invalid(request, form)
            return redirect("reports")
        try:
            incident = self.decide(found, viewer(request), form.cleaned_data)
        except HouseError as failure:
            say_failure(request, failure)
            return redirect("reports")
        say_done(request, self.done)
        return redirect(incident or "reports")

    def form(self, report: Report) -> BaseForm:
        """What was sent."""
        raise NotImplementedError

    def decide(self, report: Report, by: User, known: dict[str, Any]) -> Incident | None:
        """Decide it; the incident that it became is shown next."""
        raise NotImplementedError


class Accept(Decide):
    done = "The report is taken up. Whoever reported it is told."

    def form(self, report: Report) -> BaseForm:
        return forms.AcceptForm(self.request.POST, by=viewer(self.request), report=report)

    def decide(self, report: Report, by: User, known: dict[str, Any]) -> Incident:
        return actions.accept(report.pk, by=by, via=Via.WEB, **known)


class Attach(Decide):
    done = "The report is a part of this incident. Whoever reported it is told."

    def form(self, report: Report) -> BaseForm:
        return forms.AttachForm(self.request.POST, report=report)

    def decide(self, report: Report, by: User, known: dict[str, Any]) -> Incident:
        try:
            incident = incidents.by_reference(known["into"].strip(), incidents.visible_to(by))
        except Incident.DoesNotExist as error:
            raise Invalid(f"There is no incident {known['into']}.", field="into") from error
        return actions.attach(report.pk, by=by, to=incident, via=Via.WEB)


class Reject(Decide):
    done = "The report is not taken up. Whoever reported it is told why."

    def form(self, report: Report) -> BaseForm:
        return forms.RejectForm(self.request.POST, report=report)

    def decide(self, report: Report, by: User, known: dict[str, Any]) -> None:
        actions.reject(report.pk, by=by, answer=known["answer"])


def _reports_too_much(by: User | None) -> bool:
    who = f"person:{by.pk}" if by is not None else f"address:{origins.counted(origins.current().address)}"
    spent = quotas.spend(Policy.REPORT, who)
    return spent is not None and spent.is_exceeded
