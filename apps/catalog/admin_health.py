"""Where managers keep the health checks of their teams' services, and see what these saw (R16)."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from apps.catalog import actions, queries
from apps.catalog.models import HealthCheck, HealthResult
from apps.core.errors import HouseError
from apps.teams.admin_access import NeverDeleted, TeamOwnedAdmin, managed_team_ids
from apps.teams.models import User


@admin.register(HealthCheck)
class HealthCheckAdmin(NeverDeleted, TeamOwnedAdmin):
    """Each is looked at soon after it was saved; the list says what was seen last."""

    team_paths = ("service__team",)
    list_display = ("name", "service", "kind", "target", "every", "last_seen", "is_active")
    list_filter = ("kind", "is_active", "service")
    list_select_related = ("service", "state")
    search_fields = ("name", "target", "service__name", "service__slug")
    actions = ("test_now",)
    fieldsets = (
        (None, {"fields": ("service", "name", "kind", "target", "every", "timeout", "is_active")}),
        ("HTTP", {"fields": ("method", "expected_status", "expected_text")}),
        ("Prometheus", {"fields": ("query", "comparison", "threshold")}),
        ("Alert", {"fields": ("alerts_after", "severity")}),
    )

    @admin.display(description="last seen")
    def last_seen(self, check: HealthCheck) -> str:
        state = check.seen
        return f"{state.get_outcome_display()}: {state.words}" if state else "Not looked at yet"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "service":
            kwargs["queryset"] = queries.active_services().filter(team__in=managed_team_ids(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: HealthCheck, form: ModelForm[HealthCheck], change: bool) -> None:
        actions.keep_health_check(obj, by=cast("User", request.user))

    @admin.action(description="Test now", permissions=["change"])
    def test_now(self, request: HttpRequest, queryset: QuerySet[HealthCheck]) -> None:
        """Let the selected checks look at once. What they see stands in the list, a moment later."""
        for check in queryset.select_related("service__team"):
            try:
                actions.look_now(check, by=cast("User", request.user))
            except HouseError as refused:
                self.message_user(request, f"{check}: {refused}", messages.ERROR)
            else:
                self.message_user(request, f"{check} is tested; the list says in a moment what was seen.")


@admin.register(HealthResult)
class HealthResultAdmin(TeamOwnedAdmin):
    """What checks saw; nobody edits it."""

    team_paths = ("check_of__service__team",)
    list_display = ("at", "check_of", "outcome", "took", "words", "asked")
    list_filter = ("outcome", "asked", "check_of")
    list_select_related = ("check_of__service",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
