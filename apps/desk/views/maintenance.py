"""Maintenance: what is worked on now, later and before, and the form to begin it (R34)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.catalog import actions as catalog
from apps.catalog import queries
from apps.catalog.models import MaintenanceWindow, WindowState
from apps.core.editing import unchanged, versions
from apps.desk import edited
from apps.desk.forms.maintenance import EndForm, MaintenanceForm
from apps.desk.pages import attempt, say_invalid, viewer
from apps.teams.models import User

#: So many windows that are over are shown, the latest.
SHOWN_PAST = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A window, and the form for another end of it where the viewer may change it."""

    window: MaintenanceWindow
    form: EndForm | None


@login_required
def maintenance(request: HttpRequest) -> HttpResponse:
    """What is under maintenance now, what will be and what was; the form for more (POST, for who may plan some)."""
    person = viewer(request)
    may_plan = bool(catalog.team_ids_to_plan_for(person))
    if request.method == "POST" and not may_plan:
        raise PermissionDenied
    form = MaintenanceForm(request.POST or None, by=person)
    if request.method == "POST" and form.is_valid():
        known = form.cleaned_data
        planned = attempt(
            request,
            lambda: catalog.plan_maintenance(
                by=person,
                services=list(known["services"]),
                message=known["message"],
                starts_at=known["starts_at"],
                ends_at=known["ends_at"],
                is_public=known["is_public"],
            ),
            done="The maintenance is planned. It ends by itself.",
        )
        if planned:
            return redirect("maintenance")
    return _page(request, form, sent={}, status=422 if form.is_bound else 200)


@login_required
@require_POST
def end_maintenance(request: HttpRequest, pk: int) -> HttpResponse:
    """End a window now, or take back one that did not begin."""
    window = _window_or_404(request, pk)
    was_on = window.state == WindowState.NOW
    attempt(
        request,
        lambda: catalog.end_maintenance(window.pk, by=viewer(request)),
        done="The maintenance is over: what it held back is paged now." if was_on else "The maintenance is taken back.",
    )
    return redirect("maintenance")


@login_required
@require_POST
def change_maintenance(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a window end at another time."""
    window = _window_or_404(request, pk)
    form = EndForm(request.POST, window=window)

    def save() -> None:
        with unchanged(edited.window(pk), since=form.based_on):
            catalog.change_maintenance(pk, ends_at=form.cleaned_data["ends_at"], by=viewer(request))

    if not form.is_valid():
        say_invalid(request, form)
    elif not attempt(request, save, done="The end of the maintenance is changed.", form=form) and form.changed:
        return _page(request, MaintenanceForm(by=viewer(request)), sent={pk: form}, status=form.status)
    return redirect("maintenance")


def _page(request: HttpRequest, form: MaintenanceForm, *, sent: Mapping[int, EndForm], status: int) -> HttpResponse:
    """All of it; ``sent`` are forms of windows that are shown again, by the id of the window."""
    person = viewer(request)
    windows = queries.visible_windows(person)
    context = {
        "form": form,
        "now": _shown(person, WindowState.NOW, sent),
        "planned": _shown(person, WindowState.PLANNED, sent),
        "past": queries.listed_windows(windows, WindowState.PAST)[:SHOWN_PAST],
        "may_plan": bool(catalog.team_ids_to_plan_for(person)),
    }
    return render(request, "catalog/maintenance.html", context, status=status)


def _shown(person: User, state: WindowState, sent: Mapping[int, EndForm]) -> list[Shown]:
    visible = queries.visible_windows(person)
    seen = versions(MaintenanceWindow, visible)
    return [
        Shown(
            window,
            sent.get(window.pk) or EndForm(window=window, version=seen.get(window.pk, ""))
            if catalog.may_keep_maintenance(person, window)
            else None,
        )
        for window in queries.listed_windows(visible, state)
    ]


def _window_or_404(request: HttpRequest, pk: int) -> MaintenanceWindow:
    window = queries.visible_windows(viewer(request)).filter(pk=pk).first()
    if window is None:
        raise Http404(f"No maintenance {pk}.")
    return window
