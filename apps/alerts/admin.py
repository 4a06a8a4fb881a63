"""Integrations and the rules by which alerts are read, to edit; alerts and the inbox, to look at."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin

from apps.alerts import actions
from apps.alerts.keys import told_to_sender
from apps.alerts.models import (
    Alert,
    AlertSettings,
    Change,
    ChangeRule,
    Format,
    Heartbeat,
    InboxEntry,
    Integration,
    SeverityRule,
)
from apps.catalog.models import Service
from apps.core.errors import HouseError
from apps.incidents import queries as incidents
from apps.teams.admin_access import AdministratedAdmin, NeverDeleted, TeamOwnedAdmin, managed_team_ids
from apps.teams.models import User
from apps.teams.sensitive import SensitiveAdmin, require


class SenderAdmin(SensitiveAdmin, NeverDeleted, TeamOwnedAdmin):
    """The key is shown once: when the sender is made, and when its key is rotated."""

    list_select_related: Any = ("team", "service")
    search_fields = ("name",)
    readonly_fields: Any = ("key_hint", "created_at", "created_by")
    actions = ("rotate_key",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Service:
            managed = managed_team_ids(request)
            named = Q(team__in=managed) | Q(pk__in=Integration.objects.filter(team__in=managed).values("service"))
            kwargs["queryset"] = Service.objects.filter(named)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.action(description="Rotate the key", permissions=["change"])
    def rotate_key(self, request: HttpRequest, queryset: QuerySet[Integration]) -> None:
        """Give each selected sender a new key; the old one stops to work."""
        require(request)
        for integration in queryset:
            try:
                key = actions.rotate_key(integration, by=cast("User", request.user))
            except HouseError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.show_address(request, integration, key)

    def show_made(self, request: HttpRequest, obj: Integration, made: Integration, key: str, *, active: bool) -> None:
        """Let the form's ``obj`` be what was ``made`` of it, switched off if that is wanted, and show its address."""
        obj.pk = made.pk
        obj.refresh_from_db()
        if not active:
            obj.is_active = False
            obj.save(update_fields=["is_active"])
        self.show_address(request, made, key)

    def show_address(self, request: HttpRequest, integration: Integration, key: str) -> None:
        """Say once where the sender sends to."""
        address, *keys = told_to_sender(integration, key)
        text = format_html(
            "{} sends to <code>{}</code>{}. Copy it now: it is not shown again.{}",
            integration,
            address,
            format_html_join("", " with the key <code>{}</code>", ((each,) for each in keys)),
            "" if integration.is_active else " It is switched off, and takes nothing until it is switched on.",
        )
        self.message_user(request, text, messages.WARNING)


@admin.register(Integration)
class IntegrationAdmin(SenderAdmin):
    """Who posts alerts. Heartbeats are integrations too, and have a page of their own."""

    list_display = ("name", "team", "format", "service", "key_hint", "is_active")
    list_filter = ("team", "format", "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Integration]:
        return super().get_queryset(request).exclude(format=Format.HEARTBEAT)

    def get_readonly_fields(self, request: HttpRequest, obj: Integration | None = None) -> tuple[str, ...]:
        known: tuple[str, ...] = self.readonly_fields
        if obj is None:
            return known
        return ("team", "format", *known) if obj.tells_of_health else ("format", *known)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "format":
            kwargs["choices"] = [choice for choice in db_field.get_choices() if choice[0] != Format.HEARTBEAT]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Integration, form: ModelForm[Integration], change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        made, key = actions.create_integration(
            team=obj.team,
            name=obj.name,
            sender_format=Format(obj.format),
            service=obj.service,
            secret=obj.secret,
            acknowledges=obj.acknowledges,
            by=cast("User", request.user),
        )
        self.show_made(request, obj, made, key, active=form.cleaned_data["is_active"])


@admin.register(Heartbeat)
class HeartbeatAdmin(SenderAdmin):
    """What must report regularly; its state is the house's, the rest its team's managers'."""

    list_display = ("name", "team", "service", "every", "state", "last_beat_at", "severity", "key_hint", "is_active")
    list_filter = ("team", "state", "is_active")
    list_select_related = ("team", "service", "severity")
    fields = (
        "team",
        "name",
        "service",
        "every",
        "severity",
        "is_active",
        "state",
        "last_beat_at",
        *SenderAdmin.readonly_fields,
    )
    readonly_fields = ("state", "last_beat_at", *SenderAdmin.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Heartbeat, form: ModelForm[Heartbeat], change: bool) -> None:
        by = cast("User", request.user)
        if change:
            actions.change_heartbeat(obj, by=by)
            return
        made, key = actions.create_heartbeat(
            team=obj.team, name=obj.name, every=obj.every, by=by, service=obj.service, severity=obj.severity
        )
        self.show_made(request, obj, made, key, active=form.cleaned_data["is_active"])


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
    team_paths = ("integration__team",)
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Those of incidents that one may not see are left out."""
        visible = incidents.visible_to(request.user).values("pk")
        return super().get_queryset(request).filter(Q(incident=None) | Q(incident__in=visible))


@admin.register(Change)
class ChangeAdmin(LookedAtOnly, TeamOwnedAdmin):
    team_paths = ("integration__team",)
    list_display = ("at", "kind", "summary", "author", "integration")
    list_filter = ("kind", "integration")
    list_select_related = ("integration__team",)
    search_fields = ("summary", "sender_id")
    show_full_result_count = False


@admin.register(ChangeRule)
class ChangeRuleAdmin(TeamOwnedAdmin):
    """Which services a change concerns, by what its sender says of it; its integration's team keeps it."""

    team_paths = ("integration__team",)
    list_display = ("integration", "label", "value", "service")
    list_filter = ("integration", "label")
    list_select_related = ("integration__team", "service")
    search_fields = ("value",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        managed = managed_team_ids(request)
        if db_field.related_model is Integration:
            kwargs["queryset"] = Integration.objects.filter(team__in=managed).exclude(format=Format.HEARTBEAT)
        elif db_field.related_model is Service:
            kwargs["queryset"] = Service.objects.filter(team__in=managed)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


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
