"""The form that puts somebody else on call for a while."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from apps.contacts.queries import people_who_answer
from apps.core import clock
from apps.rosters.models import Roster
from apps.teams import access
from apps.teams.models import User

_LOCAL = "%Y-%m-%dT%H:%M"


class OverrideForm(forms.Form):
    """Who stands in, from when to when, in the zone of the roster. Without the right to manage: only oneself."""

    person = forms.ModelChoiceField(User.objects.none(), empty_label=None, label="Who stands in")
    start = forms.DateTimeField(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL), label="From"
    )
    end = forms.DateTimeField(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL), label="Until"
    )
    reason = forms.CharField(max_length=255, required=False)

    def __init__(self, *args: Any, roster: Roster, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(roster.time_zone)
        may_manage = roster.team_id in access.team_ids(by, access.Permission.MANAGE)
        people = people_who_answer() if may_manage else User.objects.filter(pk=by.pk)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        self.fields["start"].initial = timezone.localtime(clock.now(), self._zone).strftime(_LOCAL)
        for name in ("start", "end"):
            self.fields[name].help_text = f"Local time of the roster: {roster.time_zone}."

    def full_clean(self) -> None:
        """Read the local times in the roster's zone, whatever the viewer's own is."""
        with timezone.override(self._zone):
            super().full_clean()
