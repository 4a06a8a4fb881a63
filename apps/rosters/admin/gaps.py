"""The part of an admin page that asks before anything is kept after which nobody would be on call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.core.errors import HouseError
from apps.rosters import gap_questions
from apps.rosters.actions import LeavesGap


class AsksAboutGaps:
    """Adding, taking back and the actions of the list: what raises LeavesGap is asked about, and nothing is kept."""

    def ask(self, request: HttpRequest, asked: LeavesGap, *, also: Iterable[str] = ()) -> HttpResponse:
        """The page that names the gaps, and sends again what was sent once somebody says yes."""
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]  # of the admin
            **gap_questions.question(request, asked, also=also),
        }
        return render(request, "admin/rosters/gap_question.html", context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc,no-any-return]
        except LeavesGap as asked:
            return self.ask(request, asked)
        except HouseError as refused:
            return self._refuse(request, refused, request.path)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().delete_view(request, *args, **kwargs)  # type: ignore[misc,no-any-return]
        except LeavesGap as asked:
            return self.ask(request, asked)
        except HouseError as refused:
            opts = self.opts  # type: ignore[attr-defined]
            return self._refuse(request, refused, f"admin:{opts.app_label}_{opts.model_name}_changelist")

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        try:
            with transaction.atomic():  # the log of what was done is none of what was only tried
                return super().response_action(request, queryset)  # type: ignore[misc,no-any-return]
        except LeavesGap as asked:
            return self.ask(request, asked)

    def _refuse(self, request: HttpRequest, refused: HouseError, back: str) -> HttpResponse:
        """What the house refuses only once it is done, since somebody else was first, is said."""
        self.message_user(request, str(refused), messages.ERROR)  # type: ignore[attr-defined]
        return redirect(back)
