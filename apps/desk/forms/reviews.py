"""The forms of a review: its answers, and the action items that follow from it (R28 to R30)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict

from apps.contacts.queries import people_who_answer
from apps.desk.forms.editing import EditForm
from apps.desk.queries import visible_teams
from apps.incidents.models import ProceduresRevision
from apps.postmortems.models import ActionItem, Improvement, Postmortem, Section
from apps.teams.models import Team, User

_DATE = "%Y-%m-%d"


class ReviewForm(EditForm):
    """Summary, lead, and one field for each question of ``review``."""

    summary = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    lead = forms.ModelChoiceField(
        people_who_answer(), required=False, empty_label="Nobody yet",
        help_text="Sees to it that the review is done.",
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, *, review: Postmortem, version: str) -> None:
        super().__init__(data, initial={"summary": review.summary, "lead": review.lead_id, "version": version})
        self._asked = list(review.answers.all())
        for asked in self._asked:
            notes = ["Needed before the review is finished."] * asked.is_missing
            notes += ["Filled in from the record."] * asked.filled_in
            self.fields[f"answer_{asked.pk}"] = forms.CharField(
                label=asked.text, initial=asked.answer, required=False, help_text=" ".join(notes),
                widget=forms.Textarea(attrs={"rows": 2}),
            )  # fmt: skip

    def sections(self) -> list[tuple[Section, list[BoundField]]]:
        """The fields of the questions by section, in the order of the procedures."""
        by_section = [
            (section, [self[f"answer_{asked.pk}"] for asked in self._asked if asked.section == section])
            for section in Section
        ]
        return [(section, fields) for section, fields in by_section if fields]

    def answers(self) -> dict[int, str]:
        """What was answered, by the answer's id."""
        return {asked.pk: self.cleaned_data[f"answer_{asked.pk}"] for asked in self._asked}


class ActionItemForm(forms.ModelForm[ActionItem]):
    """An action item; either a person or a team owns it."""

    class Meta:
        model = ActionItem
        fields = ("action", "kind", "priority", "owner", "owner_team", "due_date")
        widgets = {"due_date": forms.DateInput(attrs={"type": "date"}, format=_DATE)}

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        """``by`` chooses among the teams that they may see."""
        super().__init__(*args, **kwargs)
        self.fields["owner_team"].queryset = Team.objects.filter(  # type: ignore[attr-defined]
            pk__in=[team.pk for team in visible_teams(by)]
        )
        self.fields["owner"].queryset = people_who_answer()  # type: ignore[attr-defined]
        self.fields["owner"].help_text = "A person, or a team below."


class ImprovementForm(forms.ModelForm[Improvement]):
    """What was changed in how one works, and where it is."""

    class Meta:
        model = Improvement
        fields = ("title", "kind", "url", "revision")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["revision"].queryset = ProceduresRevision.objects.defer("document")  # type: ignore[attr-defined]
        self.fields["revision"].empty_label = "Not of the procedures"  # type: ignore[attr-defined]
