"""Integrations and the rules by which alerts are read, to edit; alerts and the inbox, to look at."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from apps.alerts import actions
from apps.alerts.keys import ingest_url
from apps.alerts.models import Alert, AlertSettings, Format, InboxEntry, Integration, SeverityRule
from apps.core.errors import HouseError
from apps.teams.admin_access import AdministratedAdmin, TeamOwnedAdmin
from apps.teams.models import User


@admin.register(Integration)
class IntegrationAdmin(TeamOwnedAdmin):
    """The key is shown once: when the integration is made, and when its key is rotated."""

    list_display = ("name", "team", "format", "service", "key_hint", "is_active")
    list_filter = ("team", "format", "is_active")
    list_select_related = ("team", "service")
    search_fields = ("name",)
    readonly_fields = ("key_hint", "created_at", "created_by")
    actions = ("rotate_key",)

    def get_readonly_fields(self, request: HttpRequest, obj: Integration | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("format", *self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: Integration | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Integration, form: ModelForm[Integration], change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        made, key = actions.create_integration(
            team=obj.team,
            name=obj.name,
            sender_format=Format(obj.format),
            service=obj.service,
            by=cast("User", request.user),
        )
        obj.pk = made.pk
        obj.refresh_from_db()
        if not form.cleaned_data["is_active"]:
            obj.is_active = False
            obj.save(update_fields=["is_active"])
        self._show_address(request, made, key)

    @admin.action(description="Rotate the key", permissions=["change"])
    def rotate_key(self, request: HttpRequest, queryset: QuerySet[Integration]) -> None:
        """Give each selected integration a new key; the old one stops to work."""
        for integration in queryset:
            try:
                key = actions.rotate_key(integration, by=cast("User", request.user))
            except HouseError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self._show_address(request, integration, key)

    def _show_address(self, request: HttpRequest, integration: Integration, key: str) -> None:
        text = format_html(
            "{} sends to <code>{}</code>. Copy it now: it is not shown again.",
            integration,
            ingest_url(integration, key),
        )
        self.message_user(request, text, messages.WARNING)


class LookedAtOnly:
    """What senders and the house write: nobody edits it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HandlingFilter(admin.SimpleListFilter):
    """What became of an entry."""

    title = "handling"
    parameter_name = "handling"
    CONDITIONS = {
        "unreadable": ("not understood", Q(handled_at__isnull=False) & ~Q(problem="")),
        "failing": ("failing, tried again", Q(handled_at__isnull=True, failures__gt=0)),
        "waiting": ("waiting", Q(handled_at__isnull=True, failures=0)),
        "handled": ("handled", Q(handled_at__isnull=False, problem="")),
    }

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(value, title) for value, (title, _) in self.CONDITIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[InboxEntry]) -> QuerySet[InboxEntry]:
        chosen = self.CONDITIONS.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(InboxEntry)
class InboxEntryAdmin(LookedAtOnly, TeamOwnedAdmin):
    team_path = "integration__team"
    list_display = ("received_at", "integration", "handled_at", "failures", "problem")
    list_filter = (HandlingFilter, "integration__format")
    list_select_related = ("integration__team",)
    show_full_result_count = False
    fields = ("integration", "received_at", "handled_at", "failures", "problem", "text")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxEntry]:
        return super().get_queryset(request).defer("body")


@admin.register(Alert)
class AlertAdmin(LookedAtOnly, TeamOwnedAdmin):
    list_display = ("title", "status", "severity", "service", "team", "incident", "last_received_at", "deliveries")
    list_filter = ("status", "severity", "team", "integration")
    list_select_related = ("severity", "service", "team", "incident")
    search_fields = ("title", "fingerprint")
    show_full_result_count = False


@admin.register(SeverityRule)
class SeverityRuleAdmin(AdministratedAdmin):
    list_display = ("position", "__str__", "severity")
    list_select_related = ("severity",)


@admin.register(AlertSettings)
class AlertSettingsAdmin(AdministratedAdmin):
    list_display = ("__str__", "service_label", "team_label")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not AlertSettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: AlertSettings | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: AlertSettings, form: ModelForm[AlertSettings], change: bool
    ) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)
