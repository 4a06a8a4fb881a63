"""Where administrators look after how people are reached, and keep webhook endpoints; auditors look at both."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.contacts import actions, serving
from apps.contacts.models import ContactMethod, MethodKind, WebhookEndpoint
from apps.contacts.webhook_secrets import secret_of
from apps.core.encrypted import EncryptedText
from apps.core.encryption import concealed
from apps.teams.admin_access import AdministratedAdmin
from apps.teams.models import User
from apps.teams.sensitive import SensitiveAdmin


class AdministratedInline(TabularInline):
    """Rows on a person's page: administrators edit them, auditors look at them."""

    has_view_permission = AdministratedAdmin.has_view_permission
    has_change_permission = AdministratedAdmin.has_change_permission
    has_delete_permission = AdministratedAdmin.has_delete_permission

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return AdministratedAdmin.has_add_permission(self, request)


def state_of(method: ContactMethod) -> str:
    """The state of a method in words, what is worst first."""
    if not method.is_dialable:
        return "cannot be dialled"
    if method.opted_out_at is not None:
        return "stopped by STOP"
    if method.disabled_at is not None:
        return f"disabled: {method.disabled_reason or 'nothing arrived'}"
    if method.kind not in serving.kinds():
        return "not served here"
    return "in use" if method.verified_at is not None else "not verified"


class ContactMethodInline(AdministratedInline):
    model = ContactMethod
    extra = 0
    fields = ("position", "kind", "value", "label", "state")
    readonly_fields = ("state",)

    @admin.display(description="state")
    def state(self, method: ContactMethod) -> str:
        return state_of(method) if method.pk else ""


class UsableFilter(admin.SimpleListFilter):
    """Methods by what stands between them and a page."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("verified", "verified and in use"),
            ("unverified", "not verified"),
            ("disabled", "disabled"),
            ("stopped", "stopped by STOP"),
            ("unserved", "not served here"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ContactMethod]) -> QuerySet[ContactMethod]:
        chosen = {
            "verified": Q(verified_at__isnull=False, disabled_at__isnull=True, opted_out_at__isnull=True),
            "unverified": Q(verified_at__isnull=True),
            "disabled": Q(disabled_at__isnull=False),
            "stopped": Q(opted_out_at__isnull=False),
            "unserved": ~Q(kind__in=serving.kinds()),
        }.get(self.value() or "")
        return queryset.filter(chosen) if chosen is not None else queryset


@admin.register(ContactMethod)
class ContactMethodAdmin(AdministratedAdmin):
    """Another address or number is verified anew: what stands here was typed, and nobody has told a code back."""

    list_display = ("person", "kind", "shown", "label", "state", "is_verified", "is_enabled", "is_dialable", "source")
    list_filter = (UsableFilter, "kind", "source")
    search_fields = ("person__name", "person__email", "value", "label")
    list_select_related = ("person",)
    readonly_fields = ("source", "verified_at", "disabled_at", "disabled_reason", "opted_out_at", "failures")
    actions = ("verify", "disable")

    @admin.display(description="state")
    def state(self, method: ContactMethod) -> str:
        return state_of(method)

    @admin.display(boolean=True, description="verified")
    def is_verified(self, method: ContactMethod) -> bool:
        return method.verified_at is not None

    @admin.display(boolean=True, description="enabled")
    def is_enabled(self, method: ContactMethod) -> bool:
        return method.disabled_at is None

    @admin.display(boolean=True, description="dialable")
    def is_dialable(self, method: ContactMethod) -> bool:
        return method.is_dialable

    @admin.action(description="Mark as verified", permissions=["change"])
    def verify(self, request: HttpRequest, queryset: QuerySet[ContactMethod]) -> None:
        """Note that the people receive what is sent to the selected methods."""
        for method in queryset:
            actions.verify_method(method)
        self.message_user(request, "The contact methods are verified.", messages.SUCCESS)

    @admin.action(description="Disable: nothing is sent to it any more", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[ContactMethod]) -> None:
        """Take the selected methods out of use; verifying one brings it back."""
        for method in queryset.select_related("person"):
            actions.disable_method(method, by=cast("User", request.user))
        self.message_user(request, "The contact methods are disabled.", messages.SUCCESS)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(SensitiveAdmin, AdministratedAdmin):
    """Saving brings a retired endpoint back, and keeps who stands behind it in step with it."""

    list_display = ("name", "slug", "shown_address", "team", "retired_at")
    list_filter = ("team",)
    list_select_related = ("team",)
    search_fields = ("name", "slug")
    fields = ("slug", "name", "url", "team", "retired_at")
    readonly_fields = ("retired_at", "signing_secret")
    actions = ("retire",)
    formfield_overrides = {
        **AdministratedAdmin.formfield_overrides,
        EncryptedText: {"widget": UnfoldAdminTextInputWidget},
    }

    @admin.display(description="address")
    def shown_address(self, endpoint: WebhookEndpoint) -> str:
        """What may be told of the address: whoever knows the whole of it can post there."""
        return concealed(endpoint.url)

    @admin.display(description="signing secret")
    def signing_secret(self, endpoint: WebhookEndpoint) -> str:
        """What its posts are signed with; none while it is retired."""
        method = ContactMethod.objects.filter(person=endpoint.person_id, kind=MethodKind.WEBHOOK).first()
        return secret_of(method) if method else ""

    def get_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> tuple[str, ...]:
        """Whoever only looks (auditors) does not see the secret: with it they could post in the house's name."""
        shows_secret = obj is not None and self.has_change_permission(request, obj)
        return (*self.fields, "signing_secret") if shows_secret else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("slug", *self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: WebhookEndpoint, form: ModelForm[WebhookEndpoint], change: bool
    ) -> None:
        saved = actions.upsert_endpoint(slug=obj.slug, name=obj.name, url=obj.url, team=obj.team)
        obj.pk = saved.pk
        obj.refresh_from_db()

    @admin.action(description="Retire: nothing is posted to it any more", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """Retire the selected endpoints; saving one brings it back."""
        for endpoint in queryset.select_related("person"):
            actions.retire_endpoint(endpoint)
        self.message_user(request, "The endpoints were retired.", messages.SUCCESS)
