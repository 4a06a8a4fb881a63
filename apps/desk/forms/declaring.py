"""The form that declares an incident (R1 to R3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.catalog.models import Service
from apps.desk.queries import declares_for, visible_teams
from apps.incidents.models import Detection, Severity
from apps.teams.models import Team, User


class DeclareForm(forms.Form):
    """What is known at the start. The team may be left to the service's owner or to the person's only team."""

    severity = forms.ModelChoiceField(Severity.objects.none(), empty_label=None, widget=forms.RadioSelect)
    title = forms.CharField(max_length=200, help_text="What you would say first on the phone.")
    summary = forms.CharField(
        label="What do you see?",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Symptoms, since when, what was tried.",
    )
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Affected services"
    )
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, empty_label="The owner of the service", help_text="Its on-call is paged."
    )
    detection = forms.ChoiceField(
        choices=Detection.choices, initial=Detection.INTERNAL, label="How was it found?", required=True
    )
    private = forms.BooleanField(required=False, help_text="Only commanders and the people involved see it.")
    drill = forms.BooleanField(required=False, label="This is a drill", help_text="Real pages, marked as an exercise.")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._declares_for = declares_for(by)
        self.severities = list(Severity.objects.filter(is_active=True))
        self.fields["severity"].queryset = Severity.objects.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields["services"].queryset = Service.objects.filter(  # type: ignore[attr-defined]
            is_active=True, team__in=visible_teams(by)
        )
        self.fields["team"].queryset = self._declares_for  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Fill in the team: the one chosen, else the first service's owner, else the person's only team.

        An owner for whom the person may not declare is an error at the field: they choose who responds instead.
        """
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("team") is None:
            services = list(cleaned.get("services") or [])
            if services:
                cleaned["team"] = self._owner(services[0])
            elif self._declares_for.count() == 1:
                cleaned["team"] = self._declares_for.get()
            else:
                self.add_error("team", ValidationError("Choose the affected service or the team that shall respond."))
        return cleaned

    def _owner(self, service: Service) -> Team | None:
        if self._declares_for.filter(pk=service.team_id).exists():
            return service.team
        refusal = f"{service} is owned by {service.team}, for which you may not declare: choose the team that responds."
        self.add_error("team", ValidationError(refusal))
        return None
