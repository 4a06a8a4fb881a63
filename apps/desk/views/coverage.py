"""How rosters are covered: the map of the coming days, what is missing, and who bears what; hours for pay as CSV."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.errors import Invalid
from apps.desk import coverage, queries
from apps.desk.coverage_map import as_zone, drawn
from apps.desk.forms.coverage import PayForm
from apps.desk.pages import say_failure, say_invalid, viewer
from apps.rosters.models import Roster
from apps.teams.models import Team
from apps.teams.sensitive import confirmed

#: So many rosters a page tells of: the map, the gaps and the load below it are theirs.
ROSTERS_A_PAGE = 40


@login_required
def coverage_page(request: HttpRequest) -> HttpResponse:
    """The coverage of the rosters one may see: of one ``team`` or all, for so many ``days``, sorted by ``sort``."""
    teams = queries.visible_teams(viewer(request))
    chosen = _chosen(request, teams)
    rosters = Roster.objects.filter(team__in=chosen, retired_at__isnull=True)
    page = Paginator(rosters.order_by("team__name", "name", "pk"), ROSTERS_A_PAGE).get_page(request.GET.get("page"))
    shown = Roster.objects.filter(pk__in=[roster.pk for roster in page.object_list])
    found = coverage.find(shown, chosen, days=_days(request))
    sort = request.GET.get("sort", "")
    sort = sort if sort in coverage.SORTS else "name"
    context = {
        "page": page,
        "found": found,
        "report": found.coverage.report,
        "map": drawn(found.coverage.report, as_zone(timezone.get_current_timezone())),
        "loads": coverage.sorted_loads(coverage.loads(found.coverage), sort),
        "sort": sort,
        "sorts": coverage.SORTS,
        "teams": teams,
        "team": request.GET.get("team", ""),
        "days": _days(request),
        "choices_of_days": sorted({14, 30, coverage.DAYS, coverage.longest(), _days(request)}),
        "pay_form": PayForm(),
        "may_pay": bool(queries.managed_teams(viewer(request))),
    }
    return render(request, "people/coverage.html", context)


@login_required
@confirmed
def pay(request: HttpRequest) -> HttpResponse:
    """The hours on call by kind from one day to another, of the teams one manages or one of them, as CSV."""
    form = PayForm(request.GET)
    if not form.is_valid():
        say_invalid(request, form)
        return redirect("coverage")
    first, last = form.cleaned_data["from"], form.cleaned_data["to"]
    rosters = Roster.objects.filter(team__in=_chosen(request, queries.managed_teams(viewer(request))))
    try:
        return coverage.pay_file(rosters, first=first, last=last, by=viewer(request))
    except Invalid as refused:
        say_failure(request, refused)
        return redirect("coverage")


def _chosen(request: HttpRequest, teams: list[Team]) -> list[Team]:
    """The team that the request names, or all; Http404 for one that the viewer may not see."""
    slug = request.GET.get("team", "")
    found = [team for team in teams if slug in ("", team.slug)]
    if slug and not found:
        raise Http404("No such team.")
    return found


def _days(request: HttpRequest) -> int:
    """How many days are shown: those that the request names if they can be looked ahead, else ``coverage.DAYS``."""
    said = request.GET.get("days", "")
    try:
        coverage.check_days(days := int(said))
    except (ValueError, Invalid):
        return min(coverage.DAYS, coverage.longest())
    return days
