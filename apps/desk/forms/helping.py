"""The forms about the people around a running incident."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.contacts.queries import people_who_answer, people_who_respond
from apps.desk import askable
from apps.desk.queries import visible_rosters, visible_teams
from apps.escalation import queries as escalation
from apps.escalation.models import Policy
from apps.incidents.models import Expert
from apps.notifications.answers import RequestAnswer
from apps.rosters.models import Roster
from apps.teams.models import Team, User

_SHORT = {"rows": 2}


def _people() -> forms.ModelMultipleChoiceField[User]:
    """Active people, several of them."""
    return forms.ModelMultipleChoiceField(
        people_who_respond(),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text="Several with Ctrl or ⌘.",
    )


class AskForm(forms.Form):
    """Whom to ask to respond, and with which words."""

    people = _people()
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, empty_label="No team", label="Who is on call for"
    )
    roster = forms.ModelChoiceField(Roster.objects.none(), required=False, empty_label="No roster", label="Who is on")
    expert = forms.ModelChoiceField(
        Expert.objects.select_related("person"), required=False, empty_label="No expert", label="Who knows"
    )
    message = forms.CharField(required=False, max_length=2000, label="What for", widget=forms.Textarea(attrs=_SHORT))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        """``by`` chooses among what they may see."""
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(pk__in=[team.pk for team in visible_teams(by)])
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["roster"].queryset = visible_rosters(by)  # type: ignore[attr-defined]

    def chosen(self) -> list[User]:
        """Everybody who was chosen, each once. Raises Invalid where a choice leads to nobody."""
        targets = [self.cleaned_data[name] for name in ("team", "roster", "expert") if self.cleaned_data[name]]
        behind = [person for target in targets for person in askable.behind(target)]
        return list(dict.fromkeys([*self.cleaned_data["people"], *behind]))

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError where nobody was chosen."""
        known = super().clean() or self.cleaned_data
        if not any(known.get(name) for name in ("people", "team", "roster", "expert")):
            raise forms.ValidationError("Choose whom to ask.")
        return known


class ReassignForm(forms.Form):
    """To whom, or to which chain, and why."""

    people = _people()
    policy = forms.ModelChoiceField(
        Policy.objects.none(), required=False, empty_label="No other chain",
        label="Or to the chain of",
    )  # fmt: skip
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs=_SHORT))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        """``by`` chooses among what they may see."""
        super().__init__(*args, **kwargs)
        self.fields["policy"].queryset = escalation.visible_policies(by)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError unless it is either people or a chain."""
        known = super().clean() or self.cleaned_data
        if bool(known.get("people")) == bool(known.get("policy")):
            raise forms.ValidationError("Choose people, or one chain.")
        return known


class DeclineForm(forms.Form):
    reason = forms.CharField(required=False, max_length=2000)


class AnswerRequestForm(forms.Form):
    answer = forms.ChoiceField(choices=[(answer.value, answer.value) for answer in RequestAnswer])
    reason = forms.CharField(required=False, max_length=2000)


class WatchForm(forms.Form):
    """Watch or no longer; without ``person`` it is about the viewer."""

    watch = forms.BooleanField(required=False)
    person = forms.ModelChoiceField(people_who_answer(), required=False)
