"""The form by which anybody reports what does not work, and those by which a report is decided (R3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.catalog import queries as catalog
from apps.catalog.models import Service
from apps.desk.forms.told import ToldForm
from apps.incidents.models import Severity
from apps.reports.actions import LONGEST_TEXT, LONGEST_TITLE
from apps.reports.models import Report
from apps.teams import access
from apps.teams.models import Team, User

Choices = Sequence[tuple[int | str, str]]
#: What is chosen for nobody: a report is as severe as somebody says.
CHOOSE = "Choose"


class ReportForm(ToldForm):
    """What does not work. Strangers leave a name and an address, if they like, and choose among no services."""

    title = forms.CharField(label="What does not work?", max_length=LONGEST_TITLE)
    text = forms.CharField(
        label="What happened", required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What you did, what you expected, and since when. No passwords, please.",
    )  # fmt: skip
    service = forms.ModelChoiceField(Service.objects.none(), required=False, empty_label="I do not know")
    name = forms.CharField(label="Your name", required=False, max_length=120)
    email = forms.EmailField(label="Your email", required=False, help_text="What becomes of it is told there.")

    def __init__(self, *args: Any, by: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services = _seen_by(by) if by is not None else Service.objects.none()
        self.fields["service"].queryset = services  # type: ignore[attr-defined]
        for name in ("name", "email") if by is not None else ("service",):
            del self.fields[name]
        if by is not None and not services.exists():
            del self.fields["service"]


@dataclass(frozen=True, slots=True)
class Offered:
    """What the forms of a page offer, read once for all of them."""

    severities: Choices
    teams: Choices


def offered_to(person: User) -> Offered:
    """The severities in force, and the teams that ``person`` responds for; three queries."""
    severities = Severity.objects.filter(is_active=True)
    return Offered(
        [("", CHOOSE), *((severity.pk, str(severity)) for severity in severities)],
        [(team.pk, str(team)) for team in _own(person)],
    )


class AcceptForm(forms.Form):
    """The incident that a report becomes; ``offered`` is what is shown, where it is shown."""

    severity = forms.ModelChoiceField(Severity.objects.filter(is_active=True), empty_label=CHOOSE)
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None, label="Who responds")
    private = forms.BooleanField(required=False, label="Private")

    def __init__(self, *args: Any, by: User, report: Report, offered: Offered | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"accept_{report.pk}_%s", **kwargs})
        severity, team = self.fields["severity"], self.fields["team"]
        if offered is None:
            team.queryset = _own(by)  # type: ignore[attr-defined]
        else:
            severity.choices, team.choices = offered.severities, offered.teams  # type: ignore[attr-defined]
        if report.service is not None:
            team.initial = report.service.team_id


class AttachForm(forms.Form):
    """The open incident that a report is about."""

    into = forms.CharField(label="Open incident", max_length=24, widget=forms.TextInput(attrs={"placeholder": "INC-1"}))

    def __init__(self, *args: Any, report: Report, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"attach_{report.pk}_%s", **kwargs})


class RejectForm(forms.Form):
    """What whoever reported it is told."""

    answer = forms.CharField(max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, report: Report, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"reject_{report.pk}_%s", **kwargs})


def _seen_by(person: User) -> QuerySet[Service]:
    return catalog.active_services().filter(team__in=access.team_ids(person, access.Permission.VIEW))


def _own(person: User) -> QuerySet[Team]:
    return Team.objects.filter(pk__in=access.active_team_ids(person, access.Permission.RESPOND))
