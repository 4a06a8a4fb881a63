"""The forms of a chain: where a new one begins, and its head, its levels and their targets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db.models import QuerySet

from apps.core import durations
from apps.core.errors import Invalid
from apps.escalation import choices
from apps.escalation.models import SHORTEST_SILENCE, Level, LevelTarget, OutsideHours, Policy, TargetKind, Unless
from apps.escalation.models.policies import LAST_LEVEL, MOST_REPEATS, REFERENCES
from apps.incidents.models import Severity
from apps.teams.models import User


class SpanField(forms.CharField):
    """A span as people write it: ``15m``, ``2 h``, ``15 min``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 20, **options})
        self.widget.attrs.setdefault("autocomplete", "off")

    def prepare_value(self, value: Any) -> Any:
        return durations.format(value) if isinstance(value, timedelta) else value

    def to_python(self, value: Any) -> Any:
        """Return the span, or None for nothing. Raises ValidationError for what is none."""
        text = "".join(str(value or "").lower().split())
        if not text:
            return None
        try:
            return durations.parse(text.removesuffix("in") if text.endswith("min") else text)
        except Invalid as refused:
            raise ValidationError("Write a number and a unit, such as 30s, 15m or 2h.") from refused

    def validate(self, value: Any) -> None:
        if self.required and value is None:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """Only a span is measured, not the text that it was written as."""
        if isinstance(value, timedelta):
            for validator in self.validators:
                if isinstance(validator, MinValueValidator):
                    validator(value)


class BeginForm(forms.Form):
    """For which incidents a new chain is, and whether it starts as a copy."""

    severity = forms.ModelChoiceField(Severity.objects.filter(is_active=True), empty_label=None)
    scope = forms.ChoiceField(label="For the incidents of")
    copied = forms.BooleanField(required=False, initial=True, label="Begin with a copy of the chain that applies now")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        """``by`` chooses among the teams whose chains they keep, and these teams' services."""
        super().__init__(*args, **kwargs)
        self._teams = {f"team:{team.slug}": team for team in choices.teams(by)}
        self._services = {f"service:{each.slug}": each for each in choices.services(by).select_related("team")}
        self.fields["scope"].choices = [  # type: ignore[attr-defined]
            ("Teams", [(key, str(team)) for key, team in self._teams.items()]),
            ("Services", [(key, f"{each} ({each.team})") for key, each in self._services.items()]),
        ]

    def policy(self) -> Policy:
        """The policy that was asked for, not stored."""
        known = self.cleaned_data
        team, service = self._teams.get(known["scope"]), self._services.get(known["scope"])
        return Policy(severity=known["severity"], team=team, service=service)


class HeadForm(forms.Form):
    """What holds for the chain as a whole."""

    repeats = forms.IntegerField(
        min_value=0, max_value=MOST_REPEATS, label="Repeats", help_text="How many more times it is climbed; 0: once."
    )
    repeat_every = SpanField(
        required=False, label="A round every",
        help_text="From the start of one to the next, longer than the last level's time.",
    )  # fmt: skip
    asks_again_after = SpanField(
        required=False, label="Asks again after", validators=[MinValueValidator(SHORTEST_SILENCE)],
        help_text="Acknowledged, and silent for so long. Empty: never.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """A chain that repeats says after how long; of one that does not, that time is forgotten."""
        known = super().clean() or self.cleaned_data
        if known.get("repeats") and not known.get("repeat_every") and "repeat_every" not in self.errors:
            self.add_error("repeat_every", "Say after how long it is climbed again.")
        if known.get("repeats") == 0:
            known["repeat_every"] = None
        return known


class LevelForm(forms.Form):
    """One level without its targets."""

    number = forms.TypedChoiceField(coerce=int, choices=[(number, number) for number in range(1, LAST_LEVEL + 1)])
    name = forms.CharField(max_length=Level._meta.get_field("name").max_length)
    after = SpanField(help_text="Since the declaration: 15m, 2h. 0m is at once.")
    unless = forms.ChoiceField(choices=Unless.choices)
    outside_hours = forms.ChoiceField(choices=OutsideHours.choices, label="Outside working hours")
    round_robin = forms.BooleanField(required=False, label="One of them in turn, not all")


class Whom:
    """Whom a level may page: to choose from, and to read what was chosen."""

    def __init__(self, person: User, *, kept: QuerySet[LevelTarget]) -> None:
        """One query for each kind of thing that a target may name."""
        found = choices.targets(person, kept=kept)
        self._rows = {name: {row.pk: row for row in rows} for name, rows in found.items()}
        self.choices: list[Any] = [("", "Choose whom"), (TargetKind.ON_CALL.value, TargetKind.ON_CALL.label)]
        for kind, name in REFERENCES.items():
            rows = [(f"{kind}:{pk}", str(row)) for pk, row in self._rows[name].items()]
            if rows:
                self.choices.append((kind.label, rows))

    def read(self, key: str) -> LevelTarget:
        """The target, not stored, that a choice stands for. The key is one of the choices."""
        kind, _, pk = key.partition(":")
        target = LevelTarget(kind=kind)
        if kind in REFERENCES:
            name = REFERENCES[TargetKind(kind)]
            setattr(target, name, self._rows[name][int(pk)])
        return target


class TargetForm(forms.Form):
    """One target of a level."""

    whom = forms.ChoiceField(error_messages={"required": "Choose whom it pages."})
    outside_hours = forms.BooleanField(required=False, label="Outside hours")

    def __init__(self, *args: Any, whom: Whom, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["whom"].choices = whom.choices  # type: ignore[attr-defined]
