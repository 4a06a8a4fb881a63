"""The form that pages somebody directly."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.desk.paging import choices
from apps.notifications.models import Urgency
from apps.teams.models import User

LONGEST_TEXT = 2000


class PageForm(forms.Form):
    """Whom, what about, and how urgent; ``people`` are the ids of those whom the sender saw and agreed to wake."""

    to = forms.ChoiceField(label="Whom")
    text = forms.CharField(
        label="What is it about?", max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The first line is what a phone shows.",
    )  # fmt: skip
    urgency = forms.ChoiceField(
        choices=[(Urgency.HIGH, "High: wakes them now"), (Urgency.LOW, "Low: waits for the end of quiet hours")],
        initial=Urgency.HIGH,
        widget=forms.RadioSelect,
    )
    people = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "Choose"), *choices(by)]  # type: ignore[attr-defined]
