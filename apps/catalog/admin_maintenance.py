"""Where managers look after maintenance of their teams' services, and administrators after that of all."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.catalog import actions, queries, rules
from apps.catalog.models import LONGEST, MaintenanceWindow, WindowState
from apps.core import clock
from apps.core.errors import HouseError, Invalid
from apps.teams import access
from apps.teams.admin_access import HouseAdmin, NeverDeleted, managed_team_ids, visible_team_ids
from apps.teams.models import User


class StateFilter(admin.SimpleListFilter):
    """Windows by whether they are on."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(WindowState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[MaintenanceWindow]) -> QuerySet[MaintenanceWindow]:
        chosen = self.value()
        return queries.listed_windows(queryset, WindowState(chosen)) if chosen in WindowState.values else queryset


class WindowForm(forms.ModelForm):  # type: ignore[type-arg]  # the class takes no parameter at run time
    """A window; what the action would refuse is said at its field."""

    class Meta:
        model = MaintenanceWindow
        fields = ("services", "all_services", "message", "is_public", "starts_at", "ends_at")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("services")) == bool(cleaned.get("all_services")):
            self.add_error("services", "Choose services, or all of them.")
        try:
            if "starts_at" in cleaned and "ends_at" in cleaned:
                rules.check_times(cleaned["starts_at"], cleaned["ends_at"], now=clock.now(), longest=LONGEST)
        except Invalid as error:
            self.add_error(error.field, str(error))
        return cleaned


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(NeverDeleted, HouseAdmin):
    """Windows are planned, changed and ended by the actions that the pages use; what is over stays as it was."""

    form = WindowForm
    list_display = ("__str__", "about", "state", "starts_at", "ends_at", "is_public", "ended_early_at", "created_by")
    list_filter = (StateFilter,)
    list_select_related = ("created_by",)
    search_fields = ("message", "services__name", "services__slug")
    filter_horizontal = ("services",)
    actions = ("end_now",)

    @admin.display(description="services")
    def about(self, window: MaintenanceWindow) -> str:
        return "all" if window.all_services else ", ".join(str(service) for service in window.services.all())

    @admin.display(description="state")
    def state(self, window: MaintenanceWindow) -> str:
        return window.state.label

    def get_queryset(self, request: HttpRequest) -> QuerySet[MaintenanceWindow]:
        rows: QuerySet[MaintenanceWindow] = super().get_queryset(request)
        named = MaintenanceWindow.services.through.objects.filter(service__team__in=visible_team_ids(request))
        seen = Q(all_services=True) | Q(pk__in=named.values("maintenancewindow"))
        return rows.filter(seen).prefetch_related("services")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All services are for administrators."""
        return tuple(
            name for name in WindowForm.Meta.fields if name != "all_services" or access.is_administrator(request.user)
        )

    def get_readonly_fields(self, request: HttpRequest, obj: MaintenanceWindow | None = None) -> tuple[str, ...]:
        has_begun = obj is not None and obj.starts_at <= clock.now()
        return ("starts_at",) if has_begun else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = queries.active_services().filter(team__in=managed_team_ids(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(visible_team_ids(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(managed_team_ids(request))

    def has_change_permission(self, request: HttpRequest, obj: MaintenanceWindow | None = None) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        managed = managed_team_ids(request)
        theirs = not obj.all_services and all(service.team_id in managed for service in obj.services.all())
        return obj.state != WindowState.PAST and (theirs or access.is_administrator(request.user))

    def save_model(
        self, request: HttpRequest, obj: MaintenanceWindow, form: forms.ModelForm[MaintenanceWindow], change: bool
    ) -> None:
        entered = {**form.cleaned_data, "services": list(form.cleaned_data["services"])}
        entered.pop("all_services", None)
        by = cast("User", request.user)
        if change:
            saved = actions.change_maintenance(obj.pk, by=by, **entered)
        else:
            saved = actions.plan_maintenance(by=by, **entered)
        obj.pk = saved.pk
        obj.refresh_from_db()

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm[MaintenanceWindow], formsets: Any, change: bool
    ) -> None:
        """The action has written the services."""

    @admin.action(description="End now: what they held back is paged", permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[MaintenanceWindow]) -> None:
        """End the selected windows; one that is over, or is not theirs to end, is named."""
        for window in queryset:
            try:
                actions.end_maintenance(window.pk, by=cast("User", request.user))
            except HouseError as refused:
                self.message_user(request, f"{window}: {refused}", messages.ERROR)
            else:
                self.message_user(request, f"{window} is over.", messages.SUCCESS)
