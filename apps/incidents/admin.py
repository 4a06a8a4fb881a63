"""Where administrators keep severities, roles and checklists, and everybody allowed looks at incidents' records."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.incidents import queries
from apps.incidents.models import (
    ChecklistTemplateItem,
    Expert,
    Incident,
    Procedures,
    ProceduresRevision,
    ResponseRole,
    RoleCandidate,
    Severity,
    TimelineEvent,
)
from apps.teams import access
from apps.teams.admin_access import AdministratedAdmin, NeverDeleted, ReadOnlyAdmin


@admin.register(Severity)
class SeverityAdmin(NeverDeleted, AdministratedAdmin):
    list_display = ("code", "label", "response_time", "resolution_target", "auto_resolve", "is_active")
    ordering = ("rank",)


@admin.register(Procedures)
class ProceduresDocumentAdmin(AdministratedAdmin):
    list_display = ("title", "version", "last_updated", "next_review", "owner")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProceduresRevision)
class ProceduresRevisionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "version", "origin", "created_at", "created_by")
    list_filter = ("origin",)


class RoleCandidateInline(TabularInline):
    model = RoleCandidate
    extra = 0
    fields = ("team", "position", "title", "person", "roster", "contact")


@admin.register(ResponseRole)
class ResponseRoleAdmin(NeverDeleted, AdministratedAdmin):
    list_display = ("name", "key", "position", "backup_after")
    inlines = (RoleCandidateInline,)


@admin.register(Expert)
class ExpertAdmin(AdministratedAdmin):
    list_display = ("field", "title", "person")


@admin.register(ChecklistTemplateItem)
class ChecklistTemplateItemAdmin(NeverDeleted, AdministratedAdmin):
    list_display = ("text", "part", "position", "gates", "is_active")
    list_filter = ("part", "is_active")
    search_fields = ("text", "command")


class TimelineInline(TabularInline):
    model = TimelineEvent
    extra = 0
    fields = ("at", "kind", "actor", "via", "text")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """Incidents are worked in the web app; here their record and history are read. Private ones stay hidden."""

    list_display = ("reference", "title", "severity", "status", "team", "declared_at", "resolved_at")
    list_filter = ("status", "severity", "team")
    list_select_related = ("severity", "team")
    search_fields = ("title", "summary")
    inlines = (TimelineInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(pk__in=queries.visible_to(request.user).values("pk"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The history page falls back to a row's own history where the list above does not have it.
        seen = obj is None or access.may(request.user, access.Permission.VIEW, obj)
        return seen and super().has_view_permission(request, obj)
