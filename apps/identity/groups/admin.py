"""Where administrators say which group of an identity provider gives which role."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.identity.groups import actions
from apps.identity.groups.models import GroupMapping, GroupMember, ProviderGroup
from apps.identity.oidc.configuration import SCIM
from apps.teams.admin_access import AdministratedAdmin
from apps.teams.models import User
from apps.teams.sensitive import SensitiveAdmin


class GroupForm(forms.ModelForm[ProviderGroup]):
    """A group, with a choice of the providers that there are."""

    class Meta:
        model = ProviderGroup
        fields = ("provider", "name", "external_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (text := self.fields.get("provider")) is not None:  # whoever only looks is shown no fields
            choices = _providers(self.instance.provider)
            self.fields["provider"] = forms.ChoiceField(choices=choices, help_text=text.help_text)


def _providers(standing: str) -> list[tuple[str, str]]:
    """The providers by their names, and the one that stands there even if it is none any more."""
    names = {SCIM: "Provisioning (SCIM)"} | {key: each.name for key, each in settings.OIDC_PROVIDERS.items()}
    return list(({standing: standing} | names).items())


class MappingInline(TabularInline):
    model = GroupMapping
    extra = 0
    fields = ("team", "role")


class MemberInline(TabularInline):
    """Who is in the group is the provider's to say."""

    model = GroupMember
    extra = 0
    fields = readonly_fields = ("person", "said_at")
    can_delete = False
    per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProviderGroup)
class ProviderGroupAdmin(SensitiveAdmin, AdministratedAdmin):
    """What is saved here is given, and taken back, at once; whoever loses the group by its deletion loses its roles."""

    form = GroupForm
    list_display = ("name", "provider", "external_id", "gives")
    list_filter = ("provider",)
    search_fields = ("name", "external_id")
    inlines = (MappingInline, MemberInline)
    actions: Any = None  # to delete several at once would go past what follows from it

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("mappings__team")

    @admin.display(description="gives")
    def gives(self, group: ProviderGroup) -> str:
        """The roles, in words."""
        given = (f"{each.get_role_display()} of {each.team or 'the organisation'}" for each in group.mappings.all())
        return ", ".join(given) or "nothing"

    def save_related(self, request: HttpRequest, form: GroupForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        follow = actions.hand_over if "provider" in form.changed_data else actions.follow_mappings
        follow(form.instance, by=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: ProviderGroup) -> None:
        actions.delete_group(obj, by=cast("User", request.user))
