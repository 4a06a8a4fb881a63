"""The forms of one's own profile: who one is, how one is reached, when by what, and when not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property

from apps.contacts import phones, serving
from apps.contacts.models import TELEPHONED, ContactMethod, MethodKind
from apps.core.zones import known_zones
from apps.desk.forms.editing import EditForm
from apps.notifications.actions import MOST_STEPS
from apps.notifications.models import Preferences
from apps.teams.models import User

#: What one types in; a browser registers itself.
TYPED = tuple(kind for kind in MethodKind if kind != MethodKind.PUSH)


class ProfileForm(forms.ModelForm[User], EditForm):
    name = forms.CharField(max_length=User._meta.get_field("name").max_length)
    time_zone = forms.ChoiceField(help_text="All times are shown in it.")

    class Meta:
        model = User
        fields = ("name", "time_zone", "holidays_of")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in known_zones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in ["UTC", *zones]]  # type: ignore[attr-defined]

    def described(self) -> dict[str, str]:
        """What was typed; only of a form that is valid."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class MethodForm(forms.Form):
    """Another way to reach me."""

    kind = forms.ChoiceField(label="By")
    value = forms.CharField(
        label="Address or number", max_length=500, help_text="A number with its country's code: +49 30 901820."
    )
    label = forms.CharField(label="What you call it", required=False, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        served = serving.kinds()
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind.value, kind.label if kind in served else f"{kind.label} (not sent by this installation)")
            for kind in sorted(TYPED, key=lambda kind: (kind not in served, TYPED.index(kind)))
        ]

    def clean(self) -> dict[str, Any]:
        """A number that no network can reach is refused here: whoever types it can write it better."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("kind") in TELEPHONED and not phones.is_dialable(cleaned.get("value", "")):
            self.add_error("value", "This cannot be dialled. Write it with the country's code: +49 30 901820.")
        return cleaned


class PushForm(forms.Form):
    """What a browser says of itself when it subscribes (Push API): where it is reached, and its keys."""

    value = forms.URLField(max_length=500, assume_scheme="https")
    p256dh = forms.RegexField(r"^[A-Za-z0-9_=-]{1,200}$")
    auth = forms.RegexField(r"^[A-Za-z0-9_=-]{1,100}$")
    label = forms.CharField(required=False, max_length=60)


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class LabelForm(EditForm):
    label = forms.CharField(required=False, max_length=60)


class StepForm(forms.Form):
    """One step: after so many minutes, by this method."""

    minutes = forms.DecimalField(min_value=0, max_value=24 * 60, decimal_places=2, max_digits=6, initial=0)
    method = forms.TypedChoiceField(coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, methods: Sequence[ContactMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(method.pk, str(method)) for method in methods]
        self.fields["method"].choices = [("", "Choose"), *known]  # type: ignore[attr-defined]
        self.fields["minutes"].widget.attrs |= {"step": "any", "aria-label": "Minutes after the page"}
        self.fields["method"].widget.attrs |= {"aria-label": "By"}


class BaseStepFormSet(forms.BaseFormSet[StepForm]):
    """The steps of an urgency; ``edit`` is the part of the form that says at which version it is."""

    @cached_property
    def edit(self) -> EditForm:
        """Bound as the steps are."""
        return EditForm(self.data if self.is_bound else None, prefix=self.prefix, initial={"version": self.version})

    version = ""

    def steps(self) -> list[tuple[timedelta, int]]:
        """The steps that are to be, without those that were struck out or left empty."""
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data.get("method")]
        return [
            (timedelta(minutes=float(known["minutes"])), known["method"])
            for known in kept
            if not known.get("DELETE") and known["minutes"] is not None
        ]


StepFormSet = cast(
    "type[BaseStepFormSet]",
    forms.formset_factory(
        StepForm,
        formset=BaseStepFormSet,
        extra=1,
        can_delete=True,
        max_num=MOST_STEPS,
        absolute_max=MOST_STEPS + 1,
        validate_max=True,
    ),
)


class PreferencesForm(forms.ModelForm[Preferences], EditForm):
    """Quiet hours, and notices of one's shifts."""

    quiet_from = forms.TimeField(
        label="Quiet from", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label="until", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    class Meta:
        model = Preferences
        fields = ("quiet_from", "quiet_until", "shift_notices")
        labels = {"shift_notices": "Tell me when a shift of mine begins and ends"}
        help_texts = {"shift_notices": ""}

    def clean(self) -> dict[str, Any]:
        """Half a span of quiet hours is said at the half that is missing."""
        cleaned: dict[str, Any] = super().clean() or {}
        begins, ends = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if (begins is None) != (ends is None) and not self.errors:
            missing = "quiet_until" if ends is None else "quiet_from"
            self.add_error(missing, ValidationError("Quiet hours need a beginning and an end."))
        return cleaned
