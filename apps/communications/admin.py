"""Where administrators keep schedules and templates of messages, and everybody allowed reads what was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.communications.models import MessageTemplate, Update, UpdateSchedule
from apps.incidents import queries as incidents
from apps.teams.admin_access import AdministratedAdmin, NeverDeleted, ReadOnlyAdmin


@admin.register(UpdateSchedule)
class UpdateScheduleAdmin(NeverDeleted, AdministratedAdmin):
    list_display = ("severity", "initial", "every", "resolution")
    list_select_related = ("severity",)


@admin.register(MessageTemplate)
class MessageTemplateAdmin(AdministratedAdmin):
    list_display = ("subject", "audience", "phase", "severity")
    list_filter = ("audience", "phase", "severity")
    list_select_related = ("severity",)
    search_fields = ("subject", "body")


@admin.register(Update)
class UpdateAdmin(ReadOnlyAdmin):
    """What was sent, of the incidents that one may see."""

    list_display = ("subject", "incident", "audience", "phase", "by", "at")
    list_filter = ("audience", "phase")
    list_select_related = ("incident", "by")
    search_fields = ("subject", "message")
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> Any:
        visible = incidents.visible_to(request.user).values("pk")
        return super().get_queryset(request).filter(incident__in=visible)
