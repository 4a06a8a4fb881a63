"""Reports, to look at: they are decided on their own page."""

from __future__ import annotations

from django.contrib import admin

from apps.reports.models import Report
from apps.teams.admin_access import ReadOnlyAdmin


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("title", "service", "at", "state", "incident", "decided_by")
    list_filter = ("state",)
    list_select_related = ("service", "incident", "decided_by")
    search_fields = ("title", "text")
