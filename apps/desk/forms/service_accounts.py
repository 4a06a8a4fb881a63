"""The form by which a service account is made."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.desk.forms.told import ToldForm
from apps.teams import access
from apps.teams.models import ORGANISATION_WIDE, Team, TeamRole, User


class ServiceAccountForm(ToldForm):
    """What it is called, whose it is, and what it may do there."""

    name = forms.CharField(max_length=80, help_text="Deploys, Terraform")
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None, help_text="Whose managers keep it.")
    role = forms.ChoiceField(initial=TeamRole.RESPONDER)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_administrator = access.is_administrator(by)
        managed = Team.objects.filter(pk__in=access.team_ids(by, access.Permission.MANAGE))
        roles = [*access.GIVEN_BY_MANAGERS, *(ORGANISATION_WIDE if is_administrator else ())]
        self.fields["team"].queryset = managed  # type: ignore[attr-defined]
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]
        if is_administrator:
            self.fields["team"].required = False
            self.fields["team"].empty_label = "The whole organisation"  # type: ignore[attr-defined]

    def told(self) -> dict[str, Any]:
        """What ``actions.create_service_account`` is to be told."""
        return {**self.cleaned_data, "role": TeamRole(self.cleaned_data["role"])}
