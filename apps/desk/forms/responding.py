"""The small forms of the incident page: each is one action of ``incidents``, ``escalation`` or ``communications``."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from apps.catalog.models import Service
from apps.contacts.queries import people_who_respond
from apps.core import durations
from apps.core.durations import DurationError
from apps.desk.forms.editing import EditForm
from apps.desk.queries import services_to_name
from apps.escalation.models import Trigger
from apps.incidents import rules
from apps.incidents.actions.checklists import LONGEST_SEEN
from apps.incidents.models import OPEN, CauseField, DataIntegrity, ImpactAssessment, Incident, ResponseRole, Severity
from apps.teams.models import User

_SHORT = {"rows": 2}


class NoteForm(forms.Form):
    text = forms.CharField(
        label="Add a note", widget=forms.Textarea(attrs={**_SHORT, "placeholder": "What you found, tried or decided"})
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs=_SHORT))


class OptionalNoteForm(forms.Form):
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs=_SHORT))


class StatusForm(forms.Form):
    """A step of the lifecycle other than resolving and closing, which have gates and forms of their own."""

    to = forms.ChoiceField(label="New status")
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs=_SHORT))

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = [status for status in rules.following(incident.status) if status in OPEN]
        self.fields["to"].choices = [(step.value, step.label) for step in steps]  # type: ignore[attr-defined]


class SeverityForm(forms.Form):
    severity = forms.ModelChoiceField(
        Severity.objects.filter(is_active=True), empty_label=None, label="New severity",
        help_text="Every clock is computed anew from the declaration.",
    )  # fmt: skip
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs=_SHORT))


class DescriptionForm(forms.ModelForm[Incident], EditForm):
    """What the incident is, and what it affects."""

    services = forms.ModelMultipleChoiceField(
        Service.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Incident
        fields = ("title", "summary", "services")
        widgets = {"summary": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, by: User, incident: Incident, **kwargs: Any) -> None:
        """``by`` chooses among the services that they may see, and those that ``incident`` names."""
        super().__init__(*args, **kwargs)
        self.fields["services"].queryset = services_to_name(by, incident)  # type: ignore[attr-defined]


class MergeForm(forms.Form):
    into = forms.RegexField(
        r"^\s*INC-[1-9][0-9]{0,17}\s*$", label="Merge into", help_text="For example INC-7.",
        error_messages={"invalid": "Name the incident as INC-7."},
    )  # fmt: skip

    def clean_into(self) -> int:
        return int(self.cleaned_data["into"].strip().removeprefix("INC-"))


class RaiseForm(forms.Form):
    """To which level, or by a trigger that says which (R10, R11, R13)."""

    level = forms.TypedChoiceField(
        choices=[("", "That of the trigger, else the next"), *((number, f"Level {number}") for number in range(1, 6))],
        coerce=int, empty_value=None, required=False,
    )  # fmt: skip
    trigger = forms.ModelChoiceField(
        Trigger.objects.filter(is_active=True), to_field_name="key", required=False, empty_label="None of these"
    )


class EscalateForm(RaiseForm):
    """The choice as it was confirmed, and why."""

    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs=_SHORT))
    agreed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in RaiseForm.base_fields:
            self.fields[name].widget = forms.HiddenInput()


class HoldForm(forms.Form):
    """For how long: one of the usual spans, or any other, which goes before it."""

    minutes = forms.TypedChoiceField(
        label="Hold for",
        choices=[
            (15, "15 minutes"),
            (30, "30 minutes"),
            (60, "1 hour"),
            (120, "2 hours"),
            (240, "4 hours"),
            (480, "8 hours"),
            (1440, "24 hours"),
        ],
        coerce=int,
    )
    other = forms.CharField(
        label="or for",
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"placeholder": "45m, 3h", "autocomplete": "off"}),
    )

    def clean_other(self) -> int | None:
        """Return the minutes, rounded up; None where nothing is said. Raises ValidationError for what is no span."""
        if not self.cleaned_data["other"].strip():
            return None
        try:
            return math.ceil(durations.parse(self.cleaned_data["other"]) / timedelta(minutes=1))
        except DurationError as error:
            raise ValidationError(str(error)) from error


class RoleForm(forms.Form):
    role = forms.ModelChoiceField(ResponseRole.objects.all(), to_field_name="key")
    person = forms.ModelChoiceField(people_who_respond())


class CauseForm(forms.Form):
    """What was found on the way to the root cause (R20)."""

    about = forms.ChoiceField(label="Where you looked", choices=CauseField.choices)
    text = forms.CharField(label="What you found", widget=forms.Textarea(attrs=_SHORT))


class ChecklistForm(forms.Form):
    done = forms.BooleanField(required=False)


class SeenForm(forms.Form):
    """A step of a runbook that was done, and what was seen."""

    seen = forms.CharField(required=False, max_length=LONGEST_SEEN, widget=forms.Textarea(attrs=_SHORT))


class ResolutionForm(EditForm):
    """The fix, its approval and its verification, or why it could not be verified (R21)."""

    reference = forms.CharField(
        label="The fix", required=False, max_length=300, help_text="Hotfix branch, change or deployment."
    )
    approved_by = forms.CharField(
        label="Fast track approved by", required=False, max_length=120, help_text="Empty when it went the normal way."
    )
    verified = forms.BooleanField(label="The fix is verified", required=False)
    unverified_reason = forms.CharField(
        label="If it cannot be verified: why not", required=False, widget=forms.Textarea(attrs=_SHORT)
    )


class ImpactForm(forms.ModelForm[ImpactAssessment], EditForm):
    """What is known of the impact now; each saving is kept (R19)."""

    availability_percent = forms.DecimalField(
        label="Availability (%)", required=False, max_digits=6, decimal_places=3,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    data_integrity = forms.ChoiceField(choices=DataIntegrity.choices)

    class Meta:
        model = ImpactAssessment
        fields = (
            "users_affected", "customers_affected", "availability_percent", "revenue_impact", "data_integrity",
            "security_implications", "media_attention", "note",
        )  # fmt: skip
        widgets = {"note": forms.Textarea(attrs=_SHORT)}


class UpdateForm(forms.Form):
    """A message to the response team and stakeholders (R24)."""

    message = forms.CharField(label="To the response team and stakeholders", widget=forms.Textarea(attrs={"rows": 6}))
