"""What auditors ask the record, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils import timezone

from apps.audit.record.search import Asked
from apps.audit.record.sources import VERBS, sources
from apps.core.audited import Act
from apps.core.moments import LocalMoment
from apps.incidents import queries as incidents
from apps.incidents.models import EventKind, Incident
from apps.teams import access
from apps.teams.models import Team, User

_LOCAL = "%Y-%m-%dT%H:%M:%S"


def _moment(label: str, **options: Any) -> LocalMoment:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format=_LOCAL)
    return LocalMoment(label=label, widget=widget, **options)


class SearchForm(forms.Form):
    """The filters of the record; what is empty does not matter. ``as_asked`` is what a valid one asks."""

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Words",
        help_text="Of the 90 days before Until, unless From says since when.",
    )
    who = forms.CharField(required=False, max_length=254, label="Who (email)")
    verb = forms.ChoiceField(required=False, label="Did what")
    what = forms.ChoiceField(required=False, label="To what")
    row = forms.RegexField(r"\A[0-9]{1,18}\Z", required=False, widget=forms.HiddenInput)
    incident = forms.CharField(required=False, max_length=24, label="Incident")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, to_field_name="slug", empty_label="Any")
    request = forms.CharField(required=False, max_length=64, label="Request")
    begin = _moment("From", required=False)
    end = _moment("Until", required=False)
    address = forms.GenericIPAddressField(required=False, label="Address")

    def __init__(self, data: Any = None, *, by: User) -> None:
        super().__init__(data)
        self._by = by
        audited = access.audited_team_ids(by)
        teams = Team.objects.all() if audited is None else Team.objects.filter(pk__in=audited)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["verb"].choices = [("", "Anything"), *_verbs()]  # type: ignore[attr-defined]
        self.fields["what"].choices = [("", "Anything"), *_things()]  # type: ignore[attr-defined]
        self.fields["begin"].label = f"From ({timezone.get_current_timezone_name()})"

    def clean_who(self) -> User | None:
        """The person with this address. Raises ValidationError for one that nobody has."""
        email = self.cleaned_data["who"].strip()
        if not email:
            return None
        person = User.objects.filter(email__iexact=email).first()
        if person is None:
            raise forms.ValidationError("Nobody has this address.")
        return person

    def clean_incident(self) -> Incident | None:
        """The incident named INC-7. Raises ValidationError for one that is not there, or not to be seen."""
        reference = self.cleaned_data["incident"].strip()
        if not reference:
            return None
        try:
            return incidents.by_reference(reference, incidents.visible_to(self._by))
        except Incident.DoesNotExist as error:
            raise forms.ValidationError("There is no such incident.") from error

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins."""
        found: dict[str, Any] = super().clean() or {}
        begin, end = found.get("begin"), found.get("end")
        if begin and end and end < begin:
            self.add_error("end", "It is before From.")
        return found

    def as_asked(self) -> Asked:
        """The search; only of a form that is valid."""
        known = dict(self.cleaned_data)
        return Asked(words=known.pop("q"), **known)


def _verbs() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    yield "Changes", [(verb, verb.capitalize()) for verb in VERBS.values()]
    yield "Acts", list(Act.choices)
    yield "Incidents", list(EventKind.choices)


def _things() -> Iterator[tuple[str, str]]:
    """What a line can be about, by the name of its source."""
    yield "timeline", "Timelines of incidents"
    yield "stream", "Sign-ins, reads, exports and other acts"
    kept = [
        (source.name, str(source.kept._meta.verbose_name_plural)) for source in sources().values() if source.is_history
    ]
    yield from sorted(((name, words.capitalize()) for name, words in kept), key=lambda each: each[1])


class SaveForm(forms.Form):
    """A name for a search, and its filters as they stand in the address."""

    name = forms.CharField(max_length=80)
    query = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)


class AsOfForm(forms.Form):
    """An instant, by the viewer's clock."""

    at = _moment("As it was at")

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["at"].label = f"As it was at ({timezone.get_current_timezone_name()})"
