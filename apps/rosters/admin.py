"""Where roster managers work: rosters with their layers, and overrides. Saving fills the shifts at once."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.models import BaseModelFormSet
from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from apps.core import clock
from apps.core.errors import Invalid
from apps.rosters import actions, rules
from apps.rosters.models import Layer, LayerMember, Override, Roster
from apps.teams.admin_access import FollowsItsParent, TeamOwnedAdmin, managed_team_ids
from apps.teams.models import User


class LayerMemberInline(FollowsItsParent, TabularInline):
    model = LayerMember
    extra = 0
    fields = ("position", "person")
    ordering_field = "position"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "person":
            kwargs["queryset"] = User.objects.filter(is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class LayerInline(FollowsItsParent, StackedInline):
    model = Layer
    extra = 0
    inlines: ClassVar[list[type]] = [LayerMemberInline]
    fieldsets = (
        (None, {"fields": (("name", "position"), ("rotation", "length"), ("handoff_time", "handoff_weekday"))}),
        (None, {"fields": (("starts_on", "ends_on"),)}),
    )


@admin.register(Roster)
class RosterAdmin(TeamOwnedAdmin):
    list_display = ("name", "team", "time_zone", "is_primary", "retired_at")
    list_filter = ("is_primary", "team")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar[dict[str, tuple[str, ...]]] = {"slug": ("name",)}
    readonly_fields = ("retired_at",)
    inlines = (LayerInline,)
    actions = ("retire",)

    def save_related(
        self,
        request: HttpRequest,
        form: forms.ModelForm[Roster],
        formsets: list[BaseModelFormSet[Any, Any]],
        change: bool,
    ) -> None:
        super().save_related(request, form, formsets, change)
        actions.materialise(form.instance, now=clock.now())

    @admin.action(description="Retire: end now, keep what was", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Roster]) -> None:
        """End the selected rosters; their past shifts stay."""
        for roster in queryset:
            actions.retire(roster, by=cast("User", request.user))
        self.message_user(request, "The rosters were retired.", messages.SUCCESS)


class OverrideForm(forms.ModelForm):  # type: ignore[type-arg]  # the class takes no parameter at run time
    """Start and end as two moments, in the viewer's time zone; what the action would refuse is said at its field."""

    start = forms.SplitDateTimeField(widget=UnfoldAdminSplitDateTimeWidget)
    end = forms.SplitDateTimeField(widget=UnfoldAdminSplitDateTimeWidget)

    class Meta:
        model = Override
        fields = ("roster", "person", "start", "end", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            if "person" in cleaned:
                actions.check_stands_in(cleaned["person"])
            if "start" in cleaned and "end" in cleaned:
                times = cleaned["start"], cleaned["end"]
                rules.check_override(*times, now=clock.now(), horizon=settings.ROSTER_HORIZON)
        except Invalid as error:
            self.add_error({"user": "person"}.get(error.field, error.field), str(error))
        return cleaned


@admin.register(Override)
class OverrideAdmin(TeamOwnedAdmin):
    """Overrides are added and taken back; one that should be different is taken back and added anew."""

    team_paths = ("roster__team",)
    form = OverrideForm
    list_display = ("roster", "person", "start", "end", "reason", "created_by")
    list_filter = ("roster",)
    search_fields = ("roster__name", "person__name", "person__email", "reason")
    list_select_related = ("roster__team", "person", "created_by")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "roster":
            kwargs["queryset"] = Roster.objects.filter(team__in=managed_team_ids(request), retired_at__isnull=True)
        elif db_field.name == "person":
            kwargs["queryset"] = User.objects.filter(is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Override | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Override | None = None) -> bool:
        is_over = obj is not None and obj.end <= clock.now()
        return not is_over and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Override, form: forms.ModelForm[Override], change: bool) -> None:
        entered = form.cleaned_data
        added = actions.add_override(
            entered["roster"],
            person=entered["person"],
            start=entered["start"],
            end=entered["end"],
            reason=entered["reason"],
            by=cast("User", request.user),
        )
        obj.pk = added.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Override) -> None:
        actions.remove_override(obj, by=cast("User", request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Override]) -> None:
        for override in queryset:
            actions.remove_override(override, by=cast("User", request.user))
