"""What is asked before somebody's data are taken away, in either sense."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.teams.models import User


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500, help_text="It is kept in the record: do not name them.")


class EraseForm(ReasonForm):
    confirmed = forms.CharField(
        label="Their address, to be sure", max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self._person = person

    def clean_confirmed(self) -> str:
        """The address of the person; anything else is refused."""
        told: str = self.cleaned_data["confirmed"].strip()
        if told.lower() != self._person.email.lower():
            raise forms.ValidationError("This is not the address of their account.")
        return told
