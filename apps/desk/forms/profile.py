"""The form of one's own profile."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms

from apps.teams.models import User


class ProfileForm(forms.ModelForm[User]):
    time_zone = forms.ChoiceField(help_text="All times are shown in it.")

    class Meta:
        model = User
        fields = ("name", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in ["UTC", *zones]]  # type: ignore[attr-defined]
