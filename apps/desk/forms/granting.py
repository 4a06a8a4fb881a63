"""The form that gives somebody access to a private incident."""

from __future__ import annotations

from django import forms

from apps.contacts.queries import people_who_answer
from apps.incidents.actions.granting import LONGEST_REASON


class GrantForm(forms.Form):
    person = forms.ModelChoiceField(people_who_answer(), empty_label="Choose somebody", label="Who")
    reason = forms.CharField(max_length=LONGEST_REASON, label="Why", help_text="It stands on the timeline.")
