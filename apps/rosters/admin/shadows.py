"""Shadows in the admin: who sees whose pages without having to act, for the rosters of the manager's teams."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core import clock
from apps.core.errors import HouseError, Invalid
from apps.rosters import actions
from apps.rosters.admin.gaps import AsksAboutGaps
from apps.rosters.admin.moments import Moment, SaysWhen, by_whose_clock
from apps.rosters.models import Roster, Shadow
from apps.rosters.models.rosters import MOMENTS
from apps.teams.admin_access import TeamOwnedAdmin, managed_team_ids
from apps.teams.models import User

_FIELDS = {"user": "person"}


class ShadowForm(forms.ModelForm):  # type: ignore[type-arg]  # the class takes no parameter at run time
    """A new shadow; what the action would refuse is said at its field."""

    start = Moment(label="From", validators=MOMENTS)
    end = Moment(label="Until", validators=MOMENTS)

    class Meta:
        model = Shadow
        fields = ("roster", "person", "of", "start", "end", "is_woken")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & {"start", "end"}:
            self.fields[name].help_text = by_whose_clock()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                actions.check_shadow(
                    cleaned["roster"],
                    person=cleaned["person"],
                    of=cleaned["of"],
                    start=cleaned["start"],
                    end=cleaned["end"],
                    now=clock.now(),
                )
            except Invalid as refused:
                self.add_error(_FIELDS.get(refused.field, refused.field), str(refused))
        return cleaned

    def _post_clean(self) -> None:
        """What the row is to be the action says; its constraints name fields that the form does not have."""


@admin.register(Shadow)
class ShadowAdmin(SaysWhen, AsksAboutGaps, TeamOwnedAdmin):
    """Shadows are added and taken back; one that should be different is taken back and added anew."""

    team_paths = ("roster__team",)
    form = ShadowForm
    list_display = ("roster", "person", "of", "start", "end", "is_woken", "created_by")
    list_filter = ("roster",)
    search_fields = ("roster__name", "person__name", "person__email")
    list_select_related = ("roster__team", "person", "of", "created_by")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "roster":
            kwargs["queryset"] = Roster.objects.filter(
                team__in=managed_team_ids(request), retired_at__isnull=True, stands_in_for=None
            )
        elif db_field.name in ("person", "of"):
            kwargs["queryset"] = User.objects.filter(is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Shadow | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Shadow | None = None) -> bool:
        is_over = obj is not None and obj.end <= clock.now()
        return not is_over and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Shadow, form: forms.ModelForm[Shadow], change: bool) -> None:
        entered = form.cleaned_data
        added = actions.add_shadow(
            entered["roster"],
            person=entered["person"],
            of=entered["of"],
            start=entered["start"],
            end=entered["end"],
            is_woken=entered["is_woken"],
            by=cast("User", request.user),
        )
        obj.pk = added.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Shadow) -> None:
        actions.remove_shadow(obj, by=cast("User", request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Shadow]) -> None:
        for shadow in queryset:
            try:
                actions.remove_shadow(shadow, by=cast("User", request.user))
            except HouseError as refused:
                self.message_user(request, f"{shadow}: {refused}", messages.ERROR)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Back to the list: what of it has passed stays on the record."""
        self.message_user(request, f"Taken back: {obj_display}.", messages.SUCCESS)
        return redirect("admin:rosters_shadow_changelist")
