"""Shadows in the admin: who sees whose pages without having to act, for the rosters of the manager's teams."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core import clock
from apps.core.errors import Invalid
from apps.rosters import actions
from apps.rosters.admin.moments import Moment
from apps.rosters.admin.taken_back import InRosterAdmin
from apps.rosters.models import Roster, Shadow
from apps.teams.models import User

_FIELDS = {"user": "person"}


class ShadowForm(forms.ModelForm[Shadow]):
    """A new shadow; what the action would refuse is said at its field."""

    start = Moment(label="From")
    end = Moment(label="Until")

    class Meta:
        model = Shadow
        fields = ("roster", "person", "of", "start", "end", "is_woken")

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
class ShadowAdmin(InRosterAdmin):
    """Shadows are added and taken back; they hold no seat, so that nothing has to be asked."""

    form = ShadowForm
    list_display = ("roster", "person", "of", "start", "end", "is_woken", "created_by")
    list_filter = ("roster",)
    search_fields = ("roster__name", "person__name", "person__email")
    list_select_related = ("roster__team", "person", "of", "created_by")

    def rosters(self, request: HttpRequest) -> QuerySet[Roster]:
        """Without those that stand in: their pages are those of the others."""
        return super().rosters(request).filter(stands_in_for=None)

    def add(self, request: HttpRequest, entered: dict[str, Any]) -> Shadow:
        return actions.add_shadow(
            entered["roster"],
            person=entered["person"],
            of=entered["of"],
            start=entered["start"],
            end=entered["end"],
            is_woken=entered["is_woken"],
            by=cast("User", request.user),
        )

    def take_back(self, row: Shadow, by: User) -> None:
        actions.remove_shadow(row, by=by)
