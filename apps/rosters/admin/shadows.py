"""Shadows in the admin: who sees whose pages without having to act, for the rosters of the manager's teams."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core import clock
from apps.core.errors import HouseError
from apps.rosters import actions
from apps.rosters.admin.layers import LOCAL
from apps.rosters.models import Roster, Shadow
from apps.rosters.models.rosters import MOMENTS
from apps.teams.admin_access import TeamOwnedAdmin, managed_team_ids
from apps.teams.models import User

_FIELDS = {"user": "person"}


class _Moment(forms.DateTimeField):
    """A moment in the viewer's time zone."""

    def __init__(self, label: str) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
        super().__init__(label=label, widget=widget, input_formats=[LOCAL], validators=MOMENTS)


class ShadowForm(forms.ModelForm):  # type: ignore[type-arg]  # the class takes no parameter at run time
    """A new shadow; what the action refuses is said at its field."""

    by: User

    start = _Moment("From")
    end = _Moment("Until")

    class Meta:
        model = Shadow
        fields = ("roster", "person", "of", "start", "end", "is_woken")

    def clean(self) -> dict[str, Any]:
        """Add it, so that what the action refuses can be mended here. Raises ValidationError for the rest."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            self.instance = actions.add_shadow(
                cleaned["roster"],
                person=cleaned["person"],
                of=cleaned["of"],
                start=cleaned["start"],
                end=cleaned["end"],
                is_woken=cleaned["is_woken"],
                by=self.by,
            )
        except HouseError as refused:
            field = getattr(refused, "field", None)
            self.add_error(_FIELDS.get(field, field) if field else None, str(refused))
        return cleaned

    def _post_clean(self) -> None:
        """The action has saved it: nothing is left to be put into the row."""


@admin.register(Shadow)
class ShadowAdmin(TeamOwnedAdmin):
    """Shadows are added and taken back; one that should be different is taken back and added anew."""

    team_paths = ("roster__team",)
    form = ShadowForm
    list_display = ("roster", "person", "of", "start", "end", "is_woken", "created_by")
    list_filter = ("roster",)
    search_fields = ("roster__name", "person__name", "person__email")
    list_select_related = ("roster__team", "person", "of", "created_by")

    def get_form(self, request: HttpRequest, obj: Shadow | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.by = request.user
        return form

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
        """The form has saved it already."""

    def delete_model(self, request: HttpRequest, obj: Shadow) -> None:
        actions.remove_shadow(obj, by=cast("User", request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Shadow]) -> None:
        for shadow in queryset:
            try:
                actions.remove_shadow(shadow, by=cast("User", request.user))
            except HouseError as refused:
                self.message_user(request, f"{shadow}: {refused}", messages.ERROR)
