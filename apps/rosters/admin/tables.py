"""Rosters as tables in the admin: the page of what there is, and the files to take away."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core import clock
from apps.core.errors import Invalid
from apps.rosters import days, exports
from apps.rosters.admin.table_imports import TableImportsAdmin
from apps.rosters.models import Roster
from apps.teams.models import User
from apps.teams.sensitive import require

#: By this name an address says which rosters, a number for each.
OF = "of"
DAYS_AT_FIRST = timedelta(days=28)


class PeriodForm(forms.Form):
    """The days ``from`` and ``to``, by each roster's own calendar; at first the coming four weeks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate(clock.now())
        self.fields |= {"from": _day("From", today), "to": _day("To", today + DAYS_AT_FIRST - timedelta(days=1))}

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError, beside the field, for days of which no shifts are told."""
        cleaned = super().clean() or self.cleaned_data
        if "from" in cleaned and "to" in cleaned:
            try:
                days.check_days(cleaned["from"], cleaned["to"])
            except Invalid as refused:
                self.add_error(refused.field, str(refused))
        return cleaned


class TablesAdmin(TableImportsAdmin):
    """The part of a roster's admin that exports and imports CSV files."""

    list_before_template = "admin/rosters/_tables_link.html"

    def get_urls(self) -> list[URLPattern]:
        """The page of the tables and its files, besides the others."""
        view = self.admin_site.admin_view
        return [
            path("tables/", view(self.tables_view), name="rosters_roster_tables"),
            path("tables/layers.csv", view(self.layers_file), name="rosters_roster_layers_csv"),
            path("tables/shifts.csv", view(self.shifts_file), name="rosters_roster_shifts_csv"),
            *super().get_urls(),
        ]

    @admin.action(description="Export as tables (CSV)", permissions=["change"])
    def export(self, request: HttpRequest, queryset: QuerySet[Roster]) -> HttpResponse:
        """Lead to the files of the selected rosters."""
        chosen = [(OF, pk) for pk in queryset.order_by("pk").values_list("pk", flat=True)]
        return redirect(f"{reverse('admin:rosters_roster_tables')}?{urlencode(chosen)}")

    def tables_view(self, request: HttpRequest, form: PeriodForm | None = None) -> HttpResponse:
        """What there is to take away of the rosters that the address names, or of all in use, and the imports."""
        rosters = list(self._rosters(request).order_by("name", "pk"))
        is_named = OF in request.GET
        context = {
            **self.admin_site.each_context(request),
            "title": "Rosters as tables",
            "rosters": rosters,
            "one": rosters[0] if is_named and len(rosters) == 1 else None,
            "of": [roster.pk for roster in rosters] if is_named else [],
            "form": form or PeriodForm(),
            "may_import": self.has_change_permission(request),
        }
        return render(request, "admin/rosters/tables.html", context)

    def layers_file(self, request: HttpRequest) -> HttpResponse:
        """The layers of the rosters with their people."""
        rosters = self._rosters(request)
        require(request)
        return exports.layers_file(rosters, by=cast("User", request.user))

    def shifts_file(self, request: HttpRequest) -> HttpResponse:
        """The shifts of the rosters from one day to another; or the page again, with what is wrong with these."""
        form = PeriodForm(request.GET)
        if not form.is_valid():
            return self.tables_view(request, form)
        rosters = self._rosters(request)
        require(request)
        first, last = form.cleaned_data["from"], form.cleaned_data["to"]
        return exports.shifts_file(rosters, first=first, last=last, by=cast("User", request.user))

    def _rosters(self, request: HttpRequest) -> QuerySet[Roster]:
        """The rosters of the address that the viewer sees; without any named, all that are in use."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        seen: QuerySet[Roster] = self.get_queryset(request)
        if OF not in request.GET:
            return seen.filter(retired_at=None)
        named = [pk for pk in request.GET.getlist(OF) if pk.isascii() and pk.isdecimal() and len(pk) < 18]
        return seen.filter(pk__in=named)


def _day(label: str, initial: date) -> forms.DateField:
    widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
    return forms.DateField(label=label, initial=initial.isoformat(), widget=widget)
