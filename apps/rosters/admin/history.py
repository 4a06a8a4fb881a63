"""An earlier version of a roster, brought back on its page: what it says of the roster itself, never of its layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

from apps.core.errors import RuleViolation
from apps.rosters import actions
from apps.rosters.admin.layers import is_frozen
from apps.rosters.models import Roster
from apps.teams.admin_access import HouseAdmin


class RevertingAdmin(HouseAdmin):
    """The part of a roster's admin that brings back earlier versions: it fills the shifts, and asks before a gap."""

    saved_or_asked: Callable[..., HttpResponse]
    fill_and_look: Callable[..., None]

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A version to look at (GET), or to bring back (POST). That a roster was retired stays as it is.

        A frozen roster stands still; whoever wants it changed ends that first.
        """

        def show() -> HttpResponse:
            answer: HttpResponse = super(RevertingAdmin, self).history_form_view(
                request, object_id, version_id, extra_context
            )
            return answer

        def revert() -> HttpResponse:
            roster = self._row(object_id)
            if is_frozen(roster):
                raise RuleViolation(f"{roster} is frozen; end that before you bring an earlier version back.")
            request.is_reverted = True  # type: ignore[attr-defined]  # for save_model
            return show()

        return self.saved_or_asked(request, object_id, revert) if request.method == "POST" else show()

    def save_model(self, request: HttpRequest, obj: Roster, form: ModelForm[Roster], change: bool) -> None:
        """Save the roster; one that is brought back has nothing else that is saved, so its shifts are filled here."""
        super().save_model(request, obj, form, change)
        if hasattr(request, "is_reverted"):
            self.fill_and_look(request, obj)
            actions.plan_reading(obj)
