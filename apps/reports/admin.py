"""Reports, to look at: they are decided on their own page."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.incidents import queries as incidents
from apps.reports.models import Report
from apps.teams.admin_access import ReadOnlyAdmin


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("title", "service", "at", "state", "incident", "decided_by")
    list_filter = ("state",)
    list_select_related = ("service", "incident", "decided_by")
    search_fields = ("title", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """Those that became a part of an incident that one may not see are left out."""
        visible = incidents.visible_to(request.user).values("pk")
        reports: QuerySet[Report] = super().get_queryset(request)
        return reports.filter(Q(incident=None) | Q(incident__in=visible))
