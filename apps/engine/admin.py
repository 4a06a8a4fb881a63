"""Timers and circuits in the admin: to look at, and to run dead timers again. The page over both is ``overview``."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin_lists import ListedAdmin
from apps.engine.models import Breaker, State, Timer
from apps.engine.overview import run_again


class WrittenByTheEngine(ListedAdmin):
    """Rows that nobody edits by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Who may not look is refused before anything is said of the row."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, *args, **kwargs)


@admin.register(Timer)
class TimerAdmin(WrittenByTheEngine):
    list_display = ("kind", "lane", "state", "due_at", "subject", "attempts", "last_error")
    list_filter = ("state", "lane")
    search_fields = ("kind", "key", "subject")
    ordering = ("-id",)  # the table is long, and this order has an index
    show_full_result_count = False
    actions = ("run_again",)
    change_form_outer_before_template = "admin/engine/_run_again.html"

    def has_run_again_permission(self, request: HttpRequest) -> bool:
        """Who may change timers may run dead ones again; nobody edits one by hand."""
        return request.user.has_perm("engine.change_timer")

    def get_exclude(self, request: HttpRequest, obj: Timer | None = None) -> list[str]:
        """What a timer carries is for those who may run it again; who only looks reads what it is about."""
        return [] if self.has_run_again_permission(request) else ["payload"]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        timer: Timer | None = kwargs.get("obj")
        is_dead = timer is not None and timer.state == State.DEAD
        context["may_run_again"] = is_dead and self.has_run_again_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description="Run again (dead timers)", permissions=["run_again"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Timer]) -> None:
        run_again(request, list(queryset))


@admin.register(Breaker)
class BreakerAdmin(WrittenByTheEngine):
    list_display = ("provider", "failures", "openings", "open_until", "trial_until", "last_error", "changed_at")
    search_fields = ("provider",)
