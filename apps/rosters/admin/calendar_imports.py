"""A calendar taken into a roster as overrides: a page that says what it would do, and does it when told so."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.core.errors import HouseError, Invalid
from apps.rosters import actions, sealed_plans, uploads
from apps.rosters.admin.planned_turns import with_people
from apps.rosters.calendars import reading
from apps.rosters.models import Roster
from apps.teams.admin_access import HouseAdmin
from apps.teams.models import User


class ImportForm(forms.Form):
    """The file; ``plan`` is what it would do to ``roster``."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"A calendar in the iCalendar format (.ics), {reading.LARGEST_IN_WORDS} at most.",
    )
    plan: actions.ImportPlan | None = None

    def __init__(self, *args: Any, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._roster = roster

    def clean_file(self) -> Any:
        """Make the plan. Raises ValidationError, saying why, for a file that cannot be used."""
        try:
            self.plan = actions.plan_import(self._roster, uploads.calendar_of(self.cleaned_data["file"]))
        except Invalid as error:
            raise ValidationError(str(error)) from error
        return self.cleaned_data["file"]


class ImportingAdmin(HouseAdmin):
    """The part of a roster's admin that takes in calendars."""

    def get_urls(self) -> list[URLPattern]:
        """The page of the import, besides the others."""
        view = self.admin_site.admin_view(self.import_view)
        return [
            path("<int:object_id>/import-calendar/", view, name="rosters_roster_import_calendar"),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a file (GET), say what it would do (POST of a file), do it (POST of what was said)."""
        roster = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_change_permission(request, roster):
            return HttpResponse(status=403)
        if "planned" in request.POST:
            return self._carry_out(request, roster)
        is_sent = request.method == "POST"
        form = ImportForm(request.POST, request.FILES, roster=roster) if is_sent else ImportForm(roster=roster)
        plan = form.plan if form.is_bound and form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Import a calendar into {roster}",
            "roster": roster,
            "form": form,
            "plan": plan,
        }
        if plan is not None:
            context |= {
                "added": with_people((roster, entry) for entry in plan.added),
                "already": with_people((roster, entry) for entry in plan.already),
                "refused": with_people((roster, entry) for entry in plan.refused),
                "planned": sealed_plans.seal_turns({roster.pk: plan.planned}, of=roster),
            }
        return render(request, "admin/rosters/import_calendar.html", context)

    def _carry_out(self, request: HttpRequest, roster: Roster) -> HttpResponse:
        """Add what was said, and say how much it was."""
        page = redirect("admin:rosters_roster_import_calendar", roster.pk)
        try:
            planned = sealed_plans.unseal_turns(request.POST["planned"], of=roster)[roster.pk]
            added = actions.import_turns(roster, planned, by=cast("User", request.user))
        except HouseError as refused:
            self._say(request, f"Nothing was imported: {refused}", "ERROR")
            return page
        self._say(request, f"{added} override{'' if added == 1 else 's'} added." if added else "Nothing to change.")
        return redirect("admin:rosters_roster_change", roster.pk)

    def _say(self, request: HttpRequest, text: str, level: str = "SUCCESS") -> None:
        self.message_user(request, text, level)
