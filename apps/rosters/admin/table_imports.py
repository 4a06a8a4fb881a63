"""Tables taken into rosters: pages that say what a file would do, and do it when told so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.core.errors import HouseError, Invalid
from apps.rosters import actions, gap_questions, sealed_plans, tables, uploads
from apps.rosters.actions import LeavesGap
from apps.rosters.admin.planned_turns import with_people
from apps.teams.admin_access import HouseAdmin
from apps.teams.models import User


class TableForm(forms.Form):
    """A CSV file; ``plan`` is what ``look`` says that its ``text`` would do."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        help_text=f"CSV in UTF-8, with commas or semicolons; {tables.LARGEST_IN_WORDS} and {tables.MOST_ROWS:,} rows"
        " at most.",
    )
    plan: Any = None
    text = b""

    def __init__(self, *args: Any, look: Callable[[bytes], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._look = look

    def clean_file(self) -> Any:
        """Make the plan. Raises ValidationError, saying why, for a file that cannot be used."""
        chosen = self.cleaned_data["file"]
        try:
            self.text = uploads.table_of(chosen)
            self.plan = self._look(self.text)
        except Invalid as error:
            raise ValidationError(str(error)) from error
        return chosen


class TableImportsAdmin(HouseAdmin):
    """The part of a roster's admin that takes in CSV files."""

    def get_urls(self) -> list[URLPattern]:
        """The pages of the imports, besides the others."""
        view = self.admin_site.admin_view
        return [
            path("tables/import-layers/", view(self.import_layers_view), name="rosters_roster_import_layers"),
            path("tables/import-overrides/", view(self.import_overrides_view), name="rosters_roster_import_overrides"),
            *super().get_urls(),
        ]

    def import_layers_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file (GET), say what it would do to layers and people (POST of a file), do it (POST of that)."""
        by = self._importing(request)
        if "planned" in request.POST:
            return self._import_layers(request, by)
        form = _form(request, look=lambda text: actions.plan_layers_import(text, by=by))
        return self._show_layers(request, form, plan=form.plan, text=form.text)

    def import_overrides_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file (GET), say which overrides it would add (POST of a file), add them (POST of that)."""
        by = self._importing(request)
        if "planned" in request.POST:
            return self._import_overrides(request, by)
        form = _form(request, look=lambda text: actions.plan_overrides_import(text, by=by))
        context = {"title": "Import overrides", "form": form, "plan": form.plan}
        if form.plan is not None:
            context |= {
                "added": with_people(form.plan.added),
                "already": with_people(form.plan.already),
                "planned": sealed_plans.seal_turns(form.plan.planned),
            }
        return self._page(request, "admin/rosters/import_overrides.html", context)

    def _importing(self, request: HttpRequest) -> User:
        """Who imports. Raises PermissionDenied for whoever manages no rosters."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return cast("User", request.user)

    def _import_layers(self, request: HttpRequest, by: User) -> HttpResponse:
        """Do what was said; where the rosters would become something else by now, say that and ask again."""
        try:
            text, seal = sealed_plans.unseal_layers(request.POST["planned"])
        except Invalid as too_old:
            self._say(request, str(too_old), "ERROR")
            return redirect("admin:rosters_roster_import_layers")
        try:
            done = actions.import_layers(text, by=by, seal=seal, accepted=gap_questions.accepted(request))
        except LeavesGap:
            return self._show_layers_anew(request, text, by=by, why="There are times at which nobody would be on call.")
        except HouseError as refused:
            return self._show_layers_anew(request, text, by=by, why=str(refused))
        names = ", ".join(str(change.roster) for change in done.changes)
        self._say(request, f"Changed: {names}." if names else "Nothing to change.")
        if len(done.changes) == 1:
            return redirect("admin:rosters_roster_change", done.changes[0].roster.pk)
        return redirect("admin:rosters_roster_changelist")

    def _show_layers_anew(self, request: HttpRequest, text: bytes, *, by: User, why: str) -> HttpResponse:
        """Say why nothing was imported, and what the same file would do now."""
        self._say(request, f"Nothing was imported. {why}", "ERROR")
        try:
            plan = actions.plan_layers_import(text, by=by)
        except Invalid:
            return redirect("admin:rosters_roster_import_layers")
        form = TableForm(look=lambda _: None)
        return self._show_layers(request, form, plan=plan, text=text)

    def _show_layers(
        self, request: HttpRequest, form: TableForm, *, plan: actions.LayersImport | None, text: bytes
    ) -> HttpResponse:
        context: dict[str, Any] = {"title": "Import layers and people", "form": form, "plan": plan}
        if plan is not None and plan.changes:
            context["planned"] = sealed_plans.seal_layers(text, plan)
        if plan is not None and plan.gaps:
            asked = actions.asked_about(plan.gaps, by=cast("User", request.user))
            context |= {"gaps": asked.sentences, "yes": gap_questions.yes_to(asked)}
        return self._page(request, "admin/rosters/import_layers.html", context)

    def _import_overrides(self, request: HttpRequest, by: User) -> HttpResponse:
        """Add what was said, and say how much it was."""
        try:
            added = actions.import_overrides(sealed_plans.unseal_turns(request.POST["planned"]), by=by)
        except HouseError as refused:
            self._say(request, f"Nothing was imported: {refused}", "ERROR")
        else:
            self._say(request, f"{added} override{'' if added == 1 else 's'} added." if added else "Nothing to change.")
            return redirect("admin:rosters_roster_changelist")
        return redirect("admin:rosters_roster_import_overrides")

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        every = self.admin_site.each_context(request)
        return render(request, template, {**every, **context})

    def _say(self, request: HttpRequest, text: str, level: str = "SUCCESS") -> None:
        self.message_user(request, text, level)


def _form(request: HttpRequest, *, look: Callable[[bytes], Any]) -> TableForm:
    """The form of the page, and, where a file was sent, with what it would do."""
    if request.method != "POST":
        return TableForm(look=look)
    form = TableForm(request.POST, request.FILES, look=look)
    form.is_valid()
    return form
