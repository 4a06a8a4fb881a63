"""The forms that begin maintenance and move its end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from apps.catalog import queries as catalog
from apps.catalog.actions import DEFAULT_LENGTH, team_ids_to_plan_for
from apps.catalog.models import MaintenanceWindow, Service
from apps.core import clock
from apps.core.century import MOMENTS
from apps.desk.forms.editing import EditForm
from apps.teams import access
from apps.teams.models import User

_LOCAL = "%Y-%m-%dT%H:%M"


def _moment(label: str, **options: Any) -> forms.DateTimeField:
    """A moment in the viewer's zone; one that the change of the clocks makes doubtful is refused."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL)
    return forms.DateTimeField(widget=widget, label=label, validators=MOMENTS, **options)


class MaintenanceForm(forms.Form):
    """What is worked on, from when until when.

    Services of teams that one responds for or manages; all for administrators.
    """

    services = forms.ModelMultipleChoiceField(
        Service.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Services"
    )
    all_services = forms.BooleanField(required=False, label="All services, present and future")
    message = forms.CharField(
        max_length=MaintenanceWindow._meta.get_field("message").max_length,
        required=False,
        label="What is done",
        help_text="Stands on every incident that waits for its end.",
    )
    is_public = forms.BooleanField(
        required=False, label="Tell it on the status page", help_text="Everybody reads there what is done."
    )
    starts_at = _moment("From", required=False, help_text="Empty: now.")
    ends_at = _moment("Until", help_text="It ends by itself then.")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = catalog.active_services().filter(team__in=team_ids_to_plan_for(by))
        self.fields["services"].queryset = own  # type: ignore[attr-defined]
        self.fields["ends_at"].initial = timezone.localtime(clock.now() + DEFAULT_LENGTH).strftime(_LOCAL)
        self.fields["ends_at"].help_text += f" Times are in {timezone.get_current_timezone_name()}."
        if not access.is_administrator(by):
            del self.fields["all_services"]

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError unless either services or all of them are chosen."""
        cleaned = super().clean() or self.cleaned_data
        chosen, everything = bool(cleaned.get("services")), bool(cleaned.get("all_services"))
        if not chosen and not everything:
            self.add_error("services", "Choose at least one service.")
        if chosen and everything:
            self.add_error("services", "Choose services, or all of them, not both.")
        return cleaned


class EndForm(EditForm):
    """Another end of a window."""

    ends_at = _moment("Until")

    def __init__(self, data: QueryDict | None = None, *, window: MaintenanceWindow, version: str = "") -> None:
        super().__init__(data, auto_id=f"window_{window.pk}_%s", initial={"version": version})
        self.fields["ends_at"].initial = timezone.localtime(window.ends_at).strftime(_LOCAL)
