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
from apps.teams.admin_access import HouseAdmin


class AsksAboutGaps(HouseAdmin):
    """Adding, taking back and the actions of the list: what raises LeavesGap is asked about, and nothing is kept."""

    def ask(self, request: HttpRequest, asked: LeavesGap, *, also: Iterable[str] = ()) -> HttpResponse:
        """The page that names the gaps, and sends again what was sent once somebody says yes."""
        context = {
            **self.admin_site.each_context(request),
            **gap_questions.question(request, asked, also=also),
        }
        return render(request, "admin/rosters/gap_question.html", context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except LeavesGap as asked:
            return self.ask(request, asked)
        except HouseError as refused:
            return self._refuse(request, refused, request.path)
        return answer

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().delete_view(request, *args, **kwargs)
        except LeavesGap as asked:
            return self.ask(request, asked)
        except HouseError as refused:
            listed = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
            return self._refuse(request, refused, listed)
        return answer

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        try:
            with transaction.atomic():  # the log of what was done is none of what was only tried
                answer: HttpResponse | None = super().response_action(request, queryset)
        except LeavesGap as asked:
            return self.ask(request, asked)
        return answer

    def _refuse(self, request: HttpRequest, refused: HouseError, back: str) -> HttpResponse:
        """What the house refuses only once it is done, since somebody else was first, is said."""
        self.message_user(request, str(refused), messages.ERROR)
        return redirect(back)
