"""Forms of rosters: somebody stands in for a while, asks for a swap, or is away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from apps.contacts.queries import people_who_answer
from apps.core import clock
from apps.core.moments import LocalMoment
from apps.core.zones import zone_or_utc
from apps.desk.forms.told import ToldForm
from apps.rosters import queries as rosters
from apps.rosters import turn_taking
from apps.rosters.actions import LONGEST_NOTE
from apps.rosters.models import AbsenceKind, Roster, Shift
from apps.rosters.rules import Window
from apps.teams import access
from apps.teams.models import User
from apps.teams.queries import is_a_person

_LOCAL = "%Y-%m-%dT%H:%M"
#: How far ahead the shifts are that can be given in return.
_OFFERED_AHEAD = timedelta(days=60)
ANYBODY = ""


class StretchForm(ToldForm):
    """Somebody, from when to when, in the zone of the roster. Without the right to manage: only oneself."""

    called: ClassVar[Mapping[str, str]] = {"user": "person"}

    person = forms.ModelChoiceField(User.objects.none())
    start = LocalMoment(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL), label="From")
    end = LocalMoment(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL), label="Until")

    def __init__(self, *args: Any, roster: Roster, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = zone_or_utc(roster.time_zone)
        may_manage = roster.team_id in access.team_ids(by, access.Permission.MANAGE)
        people = self.people_of(roster) if may_manage else User.objects.filter(pk=by.pk)
        self.fields["person"] = forms.ModelChoiceField(people, empty_label="Choose somebody" if may_manage else None)
        self.fields["start"].initial = timezone.localtime(clock.now(), self._zone).strftime(_LOCAL)
        for name in ("start", "end"):
            self.fields[name].help_text = f"Local time of the roster: {roster.time_zone}."

    def people_of(self, roster: Roster) -> QuerySet[User]:
        """Among whom a manager of ``roster`` chooses."""
        return people_who_answer()

    def full_clean(self) -> None:
        """Read the local times in the roster's zone, whatever the viewer's own is."""
        with timezone.override(self._zone):
            super().full_clean()


class OverrideForm(StretchForm):
    """Who stands in, and in which of the seats, where there are several: ``seats`` is what each is called."""

    seat = forms.ChoiceField(required=False)
    reason = forms.CharField(max_length=255, required=False)

    def __init__(self, *args: Any, seats: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].label = "Who stands in"
        self.fields["seat"].choices = list(enumerate(seats))  # type: ignore[attr-defined]
        if len(seats) == 1:
            del self.fields["seat"]

    def clean_seat(self) -> int:
        """The first, where none is said."""
        return int(self.cleaned_data["seat"] or 0)


class ShadowForm(StretchForm):
    """Who learns, from whom, and whether that wakes them."""

    of = forms.ModelChoiceField(
        User.objects.none(), required=False, empty_label="Whoever is on call", label="Sees the pages of"
    )
    is_woken = forms.BooleanField(
        required=False, label="Rings like a page", help_text="By their own steps for pages; otherwise it is a notice."
    )

    def __init__(self, *args: Any, roster: Roster, by: User, **kwargs: Any) -> None:
        super().__init__(*args, roster=roster, by=by, **kwargs)
        self.fields["person"].label = "Who learns"
        in_turn = turn_taking.people_in_turn(roster, clock.now())
        self.fields["of"].queryset = in_turn.order_by("name", "email")  # type: ignore[attr-defined]

    def people_of(self, roster: Roster) -> QuerySet[User]:
        """Whoever belongs to the team."""
        members = User.objects.filter(is_a_person(), memberships__team=roster.team_id, is_active=True)
        return members.distinct().order_by("name", "email")


class HandoverForm(forms.Form):
    """What whoever comes on call next should know."""

    text = forms.CharField(
        label="For whoever comes next", max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 3})
    )


class SwapForm(ToldForm):
    """Which part of one's shift is given away, and to whom for what; times are in the viewer's zone."""

    called: ClassVar[Mapping[str, str]] = {"asked_of": "whom", "in_return": "whom"}

    start = LocalMoment(label="From", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL))
    end = LocalMoment(label="Until", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL))
    whom = forms.ChoiceField(label="Whom you ask", required=False)
    reason = forms.CharField(max_length=255, required=False)

    def __init__(self, *args: Any, shift: Shift, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = clock.now()
        self._shift = shift
        self.fields["start"].initial = timezone.localtime(max(shift.start, now))
        self.fields["end"].initial = timezone.localtime(shift.end)
        for name in ("start", "end"):
            self.fields[name].help_text = f"By your clock: {timezone.get_current_timezone_name()}."
        coming = rosters.shifts_between(now, now + _OFFERED_AHEAD).filter(roster=shift.roster).exclude(person=by)
        self._returns = {f"shift:{each.pk}": each for each in coming if each.start >= now}
        people = {each.person_id: each.person for each in coming}
        people |= {each.pk: each for each in people_who_answer() if each != by}
        self._people = {f"person:{pk}": person for pk, person in people.items()}
        self.fields["whom"].choices = [  # type: ignore[attr-defined]
            (ANYBODY, "Anybody who can take it"),
            ("For one of their shifts", [(key, _offer(each)) for key, each in self._returns.items()]),
            ("For nothing in return", [(key, str(each)) for key, each in sorted(self._people.items(), key=_by_name)]),
        ]

    def clean_start(self) -> datetime:
        """From the very start of the shift, where that is meant."""
        return _to_the_second(self.cleaned_data["start"], self._shift.start)

    def clean_end(self) -> datetime:
        """To the very end of the shift, where that is meant."""
        return _to_the_second(self.cleaned_data["end"], self._shift.end)

    @property
    def asked_of(self) -> User | None:
        """Whoever is asked; None: everybody."""
        chosen = self.cleaned_data["whom"]
        returned = self._returns.get(chosen)
        return returned.person if returned else self._people.get(chosen)

    @property
    def in_return(self) -> Window | None:
        """The shift that is taken in return, if any."""
        returned = self._returns.get(self.cleaned_data["whom"])
        return Window(returned.start, returned.end) if returned else None


def _to_the_second(entered: datetime, own: datetime) -> datetime:
    """``own`` where ``entered`` is what a field shows of it: its minute by the clock, which may come twice."""
    zone = timezone.get_current_timezone()
    shown, meant = own.astimezone(zone), entered.astimezone(zone)
    is_shown = meant.replace(tzinfo=None) == shown.replace(second=0, microsecond=0, tzinfo=None)
    return own if is_shown else entered


def _offer(shift: Shift) -> str:
    start, end = timezone.localtime(shift.start), timezone.localtime(shift.end)
    return f"{shift.person}: {start:%a %d %b %H:%M} to {end:%a %d %b %H:%M}"


def _by_name(entry: tuple[str, User]) -> str:
    return str(entry[1])


class AbsenceForm(ToldForm):
    """When somebody is away; times are in the viewer's zone. Whoever is ill now says only until when."""

    ill_now = forms.BooleanField(
        label="I am ill now",
        required=False,
        help_text="From this moment on, without another question. Where nobody can take over, the roster's managers are"
        " told at once.",
    )
    start = LocalMoment(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL),
        label="From",
        required=False,
        help_text="Not needed if you are ill now.",
    )
    end = LocalMoment(label="Until", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL))
    kind = forms.ChoiceField(choices=AbsenceKind, required=False)
    reason = forms.CharField(max_length=255, required=False)

    def clean(self) -> dict[str, Any]:
        """Fill in what being ill now says; else from when and why somebody is away has to be said."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned["ill_now"]:
            return {**cleaned, "start": clock.now(), "kind": AbsenceKind.SICK}
        for name in ("start", "kind"):
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, self.fields[name].error_messages["required"])
        return cleaned
