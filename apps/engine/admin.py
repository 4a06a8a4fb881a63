"""Timers in the admin: to look at, and to run dead ones again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.core.errors import HouseError
from apps.engine import actions as engine
from apps.engine.models import Timer


@admin.register(Timer)
class TimerAdmin(ModelAdmin):
    list_display = ("kind", "lane", "state", "due_at", "subject", "attempts", "last_error")
    list_filter = ("state", "lane")
    search_fields = ("kind", "key", "subject")
    ordering = ("-id",)  # the table is long, and this order has an index
    show_full_result_count = False
    actions = ("run_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Timer | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Timer | None = None) -> bool:
        return False

    def has_run_again_permission(self, request: HttpRequest) -> bool:
        """Who may change timers may run dead ones again; nobody edits one by hand."""
        return request.user.has_perm("engine.change_timer")

    @admin.action(description="Run again (dead timers)", permissions=["run_again"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Timer]) -> None:
        for timer in queryset:
            try:
                engine.run_again(timer.pk)
            except HouseError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"{timer} is due again.", messages.SUCCESS)
