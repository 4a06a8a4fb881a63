"""The form of the days to be paid."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.core import clock


class PayForm(forms.Form):
    """The days ``from`` and ``to``, by each person's own calendar; at first those of the last month."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = timezone.localdate(clock.now()).replace(day=1) - timedelta(days=1)
        self.fields |= {"from": _day("From", last.replace(day=1)), "to": _day("To", last)}


def _day(label: str, initial: date) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, initial=initial, widget=widget)
