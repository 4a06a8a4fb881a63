"""The forms by which tokens are made and rotated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings

from apps.desk.forms.told import ToldForm
from apps.teams import access, actions, queries
from apps.teams.models import ApiToken, Scope, Team, User

#: What is offered as its life, in days, as far as the house allows it; what one says otherwise is said over the API.
LIVES = (7, 30, 90, 180, 365)
#: What the old secret goes on for, in days.
OVERLAPS = (0, 1, 3, actions.LONGEST_OVERLAP.days)
#: People are provisioned for administrators alone.
OFFERED = (Scope.READ, Scope.RESPOND, Scope.MANAGE, Scope.INGEST)


class TokenForm(ToldForm):
    """What it is called, for whom it acts, what it may do, where, and how long."""

    name = forms.CharField(
        label="What it is for", max_length=ApiToken._meta.get_field("name").max_length, help_text="deploys, laptop"
    )
    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, empty_label="Me", label="Acts for", help_text="Or a service account."
    )
    scope = forms.ChoiceField(label="May", initial=Scope.RESPOND)
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Limited to",
        help_text="None chosen: all teams of whom it acts for.",
    )  # fmt: skip
    days = forms.TypedChoiceField(label="Ends", coerce=int)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = [*OFFERED, *([Scope.PROVISION] if access.is_administrator(by) else [])]
        longest = settings.TOKEN_LONGEST_LIFE.days
        lives = sorted({settings.TOKEN_LIFE.days, longest, *(days for days in LIVES if days < longest)})
        accounts = queries.kept_accounts(by)
        seen = access.team_ids(by, access.Permission.VIEW)
        self.fields["scope"].choices = [(scope.value, scope.label) for scope in scopes]  # type: ignore[attr-defined]
        self.fields["days"].choices = [(days, f"in {days} days") for days in lives]  # type: ignore[attr-defined]
        self.fields["days"].initial = settings.TOKEN_LIFE.days
        self.fields["owner"].queryset = accounts  # type: ignore[attr-defined]
        self.fields["teams"].queryset = Team.objects.filter(pk__in=seen)  # type: ignore[attr-defined]
        if not accounts.exists():
            del self.fields["owner"]

    def told(self, by: User) -> dict[str, Any]:
        """What ``actions.issue_token`` is to be told."""
        known = self.cleaned_data
        return {
            "owner": known.get("owner") or by,
            "name": known["name"],
            "scope": Scope(known["scope"]),
            "teams": list(known["teams"]) or None,
            "lives": timedelta(days=known["days"]),
        }


class RotateForm(forms.Form):
    """For how long the old secret goes on."""

    overlap = forms.TypedChoiceField(
        coerce=int, choices=[(days, f"{days} days" if days != 1 else "1 day") for days in OVERLAPS]
    )
