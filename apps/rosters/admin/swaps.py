"""Swaps for managers and auditors to look at; managers withdraw what nobody will answer any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateformat import format as date_format

from apps.core.errors import HouseError
from apps.rosters import actions
from apps.rosters.models import Swap
from apps.teams.admin_access import TeamOwnedAdmin, managed_team_ids
from apps.teams.models import User


class PersonFilter(admin.SimpleListFilter):
    """Swaps that somebody asked for, was asked for or answered."""

    title = "person"
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = model_admin.get_queryset(request).order_by()
        concerned = Q(pk__in=seen.values("asked_by")) | Q(pk__in=seen.values("asked_of"))
        concerned |= Q(pk__in=seen.values("answered_by"))
        return [(str(person.pk), str(person)) for person in User.objects.filter(concerned)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Swap]) -> QuerySet[Swap]:
        chosen = {str(pk): pk for pk, _ in self.lookup_choices}.get(self.value() or "")
        if chosen is None:
            return queryset
        return queryset.filter(Q(asked_by=chosen) | Q(asked_of=chosen) | Q(answered_by=chosen))


@admin.register(Swap)
class SwapAdmin(TeamOwnedAdmin):
    """Whoever is asked answers on their own page; here one looks, and withdraws."""

    team_paths = ("roster__team",)
    list_display = ("roster", "asked_by", "whom", "given", "given_back", "reason", "state", "answered_by")
    list_filter = ("state", "roster", PersonFilter)
    list_select_related = ("roster__team", "asked_by", "asked_of", "answered_by")
    search_fields = ("roster__name", "asked_by__name", "asked_by__email", "asked_of__name", "asked_of__email", "reason")
    ordering = ("-during", "-pk")
    fields = (
        "roster", "asked_by", "whom", "given", "given_back", "reason", "state", "asked_at", "answered_by",
        "answered_at",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("withdraw",)

    @admin.display(description="asked", ordering="asked_of")
    def whom(self, swap: Swap) -> str:
        return str(swap.asked_of or "Everybody (cover)")

    @admin.display(description="given away", ordering="during")
    def given(self, swap: Swap) -> str:
        return _in_words(swap.start, swap.end)

    @admin.display(description="in return")
    def given_back(self, swap: Swap) -> str:
        if swap.return_start is None or swap.return_end is None:
            return "Nothing"
        return _in_words(swap.return_start, swap.return_end)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Swap | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Swap | None = None) -> bool:
        return False

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Who manages any team; the action asks about the team of each."""
        return bool(managed_team_ids(request))

    @admin.action(description="Withdraw: nobody is asked any more", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Swap]) -> None:
        """Withdraw the selected swaps; those that were answered already are named."""
        for swap in queryset:
            try:
                actions.withdraw_swap(swap, by=cast("User", request.user))
            except HouseError as refused:
                self.message_user(request, f"{swap}: {refused}", messages.ERROR)
            else:
                self.message_user(request, f"Withdrawn: {swap}.", messages.SUCCESS)


def _in_words(start: datetime, end: datetime) -> str:
    """From when to when, by the viewer's clocks."""
    return " to ".join(date_format(timezone.localtime(each), "D j M Y, H:i") for each in (start, end))
