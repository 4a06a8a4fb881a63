"""Where administrators keep schedules and templates of messages, and everybody allowed reads what was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.communications.models import (
    Component,
    MessageTemplate,
    Publication,
    SocialPost,
    Subscriber,
    Update,
    UpdateSchedule,
)
from apps.incidents import queries as incidents
from apps.teams import access
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


@admin.register(Component)
class ComponentAdmin(NeverDeleted, AdministratedAdmin):
    """What the status page shows; how each component is, is published with an incident."""

    list_display = ("name", "service", "position", "is_shown")
    list_filter = ("is_shown",)
    list_select_related = ("service",)
    search_fields = ("name", "description", "service__name")


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    """What was published, of the incidents that one may see."""

    list_display = ("name", "incident", "status", "impact", "published_at", "resolved_at", "taken_off_at")
    list_filter = ("status", "impact")
    list_select_related = ("incident",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        visible = incidents.visible_to(request.user).values("pk")
        return super().get_queryset(request).filter(incident__in=visible)


@admin.register(SocialPost)
class SocialPostAdmin(ReadOnlyAdmin):
    """What was proposed for social media and what became of it, of the incidents that one may see."""

    list_display = ("text", "publication", "state", "proposed_by", "decided_by", "sent_at", "error")
    list_filter = ("state",)
    list_select_related = ("publication", "proposed_by", "decided_by")
    search_fields = ("text",)

    def get_queryset(self, request: HttpRequest) -> Any:
        visible = incidents.visible_to(request.user).values("pk")
        return super().get_queryset(request).filter(publication__incident__in=visible)


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    """Who gets mail of what is published; whoever wants no more and has lost the mail is deleted here."""

    list_display = ("address", "asked_at", "confirmed_at")
    search_fields = ("address",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.is_administrator(request.user)
