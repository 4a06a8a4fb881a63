"""The list of incidents, the declare form, the incident page with its parts, and its history."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.catalog.models import Service
from apps.core.editing import unchanged
from apps.core.errors import HouseError
from apps.desk import edited, incident_page, queries, timeline
from apps.desk.forms.declaring import DeclareForm
from apps.desk.forms.responding import ImpactForm
from apps.desk.history import changes_of
from apps.desk.pages import attempt, incident_or_404, say_failure, viewer
from apps.incidents import actions
from apps.incidents.models import Detection, Severity, Status, Via
from apps.notifications import actions as notifications

PAGE_SIZE = 25


@login_required
def incident_list(request: HttpRequest) -> HttpResponse:
    """All incidents one may see, newest first; without any filter the open ones."""
    asked = {name: request.GET.get(name, "").replace("\0", "").strip() for name in request.GET}
    by = queries.Filters(
        open=asked.get("open", "true" if not asked else "") == "true",
        severity=asked.get("severity", ""),
        status=asked.get("status", ""),
        team=asked.get("team", ""),
        service=asked.get("service", ""),
        q=asked.get("q", ""),
    )
    teams = queries.visible_teams(viewer(request))
    page = Paginator(queries.filtered(viewer(request), by, known=teams), PAGE_SIZE).get_page(asked.get("page"))
    context = {
        "page": page,
        "rows": queries.rows(page.object_list),
        "by": by,
        "severities": Severity.objects.all(),
        "statuses": Status.choices,
        "teams": teams,
        "services": Service.objects.filter(team__in=teams),
    }
    return render(request, "incidents/list.html", context)


@login_required
def declare(request: HttpRequest) -> HttpResponse:
    """Declare an incident; the page of the new one follows (R2). Who may for no team is told so, and gets no form."""
    if not queries.declares_for(viewer(request)).exists():
        status = HTTPStatus.FORBIDDEN if request.method == "POST" else HTTPStatus.OK
        return render(request, "incidents/may_not_declare.html", status=status)
    form = DeclareForm(request.POST or None, by=viewer(request))
    if request.method == "POST" and form.is_valid():
        known = form.cleaned_data
        try:
            incident = actions.declare(
                title=known["title"],
                severity=known["severity"],
                team=known["team"],
                by=viewer(request),
                via=Via.WEB,
                summary=known["summary"],
                services=known["services"],
                detection=Detection(known["detection"]),
                private=known["private"],
                drill=known["drill"],
            )
        except HouseError as failure:
            say_failure(request, failure)
        else:
            return redirect(incident)
    return render(request, "incidents/declare.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """The incident page."""
    versions = incident_page.versions(number)
    found = incident_or_404(request, number)
    notifications.mark_read(viewer(request), incident=found)
    return render(request, "incidents/incident.html", incident_page.whole(found, viewer(request), versions))


@login_required
def part(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """One part of the incident page alone."""
    found = incident_or_404(request, number)
    if name not in incident_page.PARTS:
        raise Http404(f"The incident page has no part {name}.")
    template, context = incident_page.part(name, found, viewer(request))
    return render(request, template, context)


@login_required
def pulse(request: HttpRequest, number: int) -> HttpResponse:
    """204, unless something happened since the event that the page has last seen: then what refreshes its parts."""
    found = incident_or_404(request, number)
    latest = timeline.last_event_id(found)
    if request.GET.get("since") == str(latest):
        return HttpResponse(status=204)
    answer = render(request, "incidents/_pulse.html", {"incident": found, "last_event": latest})
    answer["HX-Trigger"] = "incident-changed"
    return answer


@login_required
def impact(request: HttpRequest, number: int) -> HttpResponse:
    """Assess the impact, starting from what was known last (R19)."""
    assessed = edited.impact(number)
    version = assessed.version()
    found = incident_or_404(request, number)
    latest = found.impact_assessments.first()
    form = ImpactForm(request.POST or None, instance=latest, initial={"version": version})

    def save() -> None:
        with unchanged(assessed, since=form.based_on):
            actions.assess_impact(found.pk, by=viewer(request), via=Via.WEB, **form.entered)

    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(request, save, done="The impact is recorded.", form=form)
    ):
        return redirect(found)
    return render(request, "incidents/impact.html", {"incident": found, "form": form}, status=form.status)


@login_required
def full_timeline(request: HttpRequest, number: int) -> HttpResponse:
    """Every event of the incident."""
    found = incident_or_404(request, number)
    entries, _ = timeline.latest(found, everything=True)
    return render(request, "incidents/timeline.html", {"incident": found, "entries": entries})


@login_required
def history(request: HttpRequest, number: int) -> HttpResponse:
    """Which fields of the incident were changed, by whom and when."""
    found = incident_or_404(request, number)
    return render(request, "incidents/history.html", {"incident": found, "changes": list(changes_of(found))})
