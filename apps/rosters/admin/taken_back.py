"""The pages of what is added and taken back: one that should be different is taken back and added anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core import clock
from apps.core.errors import HouseError
from apps.rosters import actions, gap_questions
from apps.rosters.admin.gaps import AsksAboutGaps
from apps.rosters.admin.moments import SaysWhen
from apps.rosters.models import Roster
from apps.rosters.models.lasting import Lasting
from apps.teams.admin_access import HouseAdmin, TeamOwnedAdmin, managed_team_ids
from apps.teams.models import User
from apps.teams.queries import is_a_person


class TakenBackAdmin(AsksAboutGaps, HouseAdmin):
    """Rows that last from one instant to another: once they are over they stay, as what of them has passed does."""

    def add(self, request: HttpRequest, entered: dict[str, Any]) -> Lasting:
        """Add what was ``entered`` by the action, and return it."""
        raise NotImplementedError

    def take_back(self, row: Any, by: User) -> None:
        """Take it back by the action, which may raise HouseError."""
        raise NotImplementedError

    def written(self, rows: Iterable[Any]) -> set[int]:
        """The ids of the rosters whose shifts change once ``rows`` are taken back."""
        return set()

    def stays(self, row: Any) -> bool:
        """Whether there is nothing to take back of it here."""
        return bool(row.end <= clock.now())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or not self.stays(obj)) and super().has_delete_permission(request, obj)

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A version to look at; what was taken back comes back by being entered anew."""
        if request.method == "POST":
            raise PermissionDenied
        return super().history_form_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool) -> None:
        obj.pk = self.add(request, form.cleaned_data).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        by = cast("User", request.user)
        with actions.refusing_gaps(self.written([obj]), by=by, accepted=gap_questions.accepted(request)):
            self.take_back(obj, by)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Take them back together: the gap that counts is the one that is left once all are gone."""
        by, refused = cast("User", request.user), []
        chosen = list(queryset.select_related(*self.list_select_related))
        with actions.refusing_gaps(self.written(chosen), by=by, accepted=gap_questions.accepted(request)):
            for row in chosen:
                try:
                    self.take_back(row, by)
                except HouseError as error:
                    refused.append(f"{row}: {error}")
        for each in refused:
            self.message_user(request, each, messages.ERROR)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Back to the list; what of it has passed stays on the record, so nothing is said to be deleted."""
        self.message_user(request, f"Taken back: {obj_display}.", messages.SUCCESS)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


class InRosterAdmin(SaysWhen, TakenBackAdmin, TeamOwnedAdmin):
    """What is added for active people in the rosters in use of the teams that one manages."""

    team_paths = ("roster__team",)

    def rosters(self, request: HttpRequest) -> QuerySet[Roster]:
        """Those in which one can be added."""
        return Roster.objects.filter(team__in=managed_team_ids(request), retired_at=None)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Roster:
            kwargs["queryset"] = self.rosters(request)
        elif db_field.related_model is User:
            kwargs["queryset"] = User.objects.filter(is_a_person(), is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
