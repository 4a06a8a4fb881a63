"""Contacts: for administrators to edit and for auditors to read."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.contacts import actions, admin_methods  # noqa: F401  (registers methods and endpoints)
from apps.contacts.models import (
    ContactGroup,
    EmergencyContact,
    ExternalContact,
    ExternalContactPoint,
)
from apps.teams.admin_access import AdministratedAdmin, FollowsItsParent


@admin.register(EmergencyContact)
class EmergencyContactAdmin(AdministratedAdmin):
    """Saving keeps the person behind the contact, and how they are reached, in step with it."""

    list_display = ("name", "title", "group", "key", "email", "phone", "has_dialable_phone", "person", "retired_at")
    list_filter = ("group",)
    search_fields = ("name", "title", "key", "email", "phone", "pager", "slack")
    list_select_related = ("person",)
    readonly_fields = ("person", "retired_at")
    actions = ("retire",)

    @admin.display(boolean=True, description="dialable")
    def has_dialable_phone(self, contact: EmergencyContact) -> bool:
        return contact.has_dialable_phone

    def get_readonly_fields(self, request: HttpRequest, obj: EmergencyContact | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("group", "key", *self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: EmergencyContact | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: EmergencyContact, form: ModelForm[EmergencyContact], change: bool
    ) -> None:
        saved = actions.upsert_emergency_contact(
            group=ContactGroup(obj.group),
            key=obj.key,
            name=obj.name,
            title=obj.title,
            email=obj.email,
            phone=obj.phone,
            pager=obj.pager,
            slack=obj.slack,
            position=obj.position,
        )
        obj.pk = saved.pk
        obj.refresh_from_db()

    @admin.action(description="Take off the sheet", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[EmergencyContact]) -> None:
        """Retire the selected contacts; saving one brings it back."""
        with transaction.atomic():
            for contact in queryset:
                actions.retire_emergency_contact(contact)
        self.message_user(request, "The contacts were taken off the sheet.", messages.SUCCESS)


class ExternalContactPointInline(FollowsItsParent, TabularInline):
    model = ExternalContactPoint
    extra = 0
    fields = ("position", "label", "kind", "value")


@admin.register(ExternalContact)
class ExternalContactAdmin(AdministratedAdmin):
    list_display = ("name", "key", "position", "retired_at")
    search_fields = ("name", "key", "points__value")
    inlines = (ExternalContactPointInline,)
    actions = ("retire",)

    def has_delete_permission(self, request: HttpRequest, obj: ExternalContact | None = None) -> bool:
        return False

    @admin.action(description="Take off the sheet", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[ExternalContact]) -> None:
        """Retire the selected contacts."""
        with transaction.atomic():
            for contact in queryset:
                actions.retire_external_contact(contact)
        self.message_user(request, "The contacts were taken off the sheet.", messages.SUCCESS)

    def save_model(
        self, request: HttpRequest, obj: ExternalContact, form: ModelForm[ExternalContact], change: bool
    ) -> None:
        obj.retired_at = None
        super().save_model(request, obj, form, change)
