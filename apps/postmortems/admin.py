"""Where administrators keep the questions of reviews, and everybody allowed reads reviews and action items.

Reviews and action items are worked in the web app; here their record and history are read. Private ones stay hidden.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.incidents import queries as incidents
from apps.postmortems.models import ActionItem, Answer, Improvement, Postmortem, ReviewQuestion
from apps.teams import access
from apps.teams.admin_access import AdministratedAdmin, NeverDeleted, ReadOnlyAdmin


@admin.register(ReviewQuestion)
class ReviewQuestionAdmin(NeverDeleted, AdministratedAdmin):
    list_display = ("text", "section", "key", "is_required", "position", "is_active")
    list_filter = ("section", "is_required", "is_active")
    search_fields = ("text", "key")


class AnswerInline(TabularInline):
    model = Answer
    extra = 0
    fields = ("section", "text", "answer", "filled_in")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfVisibleIncidents(ReadOnlyAdmin):
    """What belongs to an incident, of the incidents that one may see."""

    def get_queryset(self, request: HttpRequest) -> Any:
        visible = incidents.visible_to(request.user).values("pk")
        return super().get_queryset(request).filter(incident__in=visible)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The history page falls back to a row's own history where the list above does not have it.
        seen = obj is None or access.may(request.user, access.Permission.VIEW, obj)
        return seen and super().has_view_permission(request, obj)


@admin.register(Postmortem)
class PostmortemAdmin(OfVisibleIncidents):
    list_display = ("incident", "status", "lead", "started_at", "finished_at")
    list_filter = ("status",)
    list_select_related = ("incident", "lead")
    search_fields = ("incident__title", "summary")
    inlines = (AnswerInline,)


@admin.register(ActionItem)
class ActionItemAdmin(OfVisibleIncidents):
    list_display = ("action", "incident", "kind", "owner", "owner_team", "due_date", "priority", "status")
    list_filter = ("status", "kind", "priority", "owner_team")
    list_select_related = ("incident", "owner", "owner_team")
    search_fields = ("action", "incident__title", "owner__name", "owner__email")
    date_hierarchy = "due_date"


@admin.register(Improvement)
class ImprovementAdmin(OfVisibleIncidents):
    list_display = ("title", "kind", "incident", "revision", "url", "made_at", "made_by")
    list_filter = ("kind",)
    list_select_related = ("incident", "revision", "made_by")
    search_fields = ("title", "incident__title")
