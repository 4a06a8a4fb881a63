"""The private links to calendars, for administrators to look at and to revoke."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.rosters import actions
from apps.rosters.models import CalendarFeed
from apps.teams.admin_access import AdministratedAdmin, NeverDeleted


@admin.register(CalendarFeed)
class CalendarFeedAdmin(NeverDeleted, AdministratedAdmin):
    """Links are made by their owners on the pages; here anybody's is revoked."""

    list_display = ("title", "kind", "owner", "created_at", "last_read_at", "revoked_at")
    list_filter = ("kind",)
    list_select_related = ("roster", "team", "owner")
    search_fields = ("owner__name", "owner__email", "roster__name", "team__name")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    @admin.action(description="Revoke: the links stop working at once", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[CalendarFeed]) -> None:
        """End the selected links."""
        for feed in queryset:
            actions.revoke_feed(feed, by=None)
        self.message_user(request, "The links were revoked.", messages.SUCCESS)
