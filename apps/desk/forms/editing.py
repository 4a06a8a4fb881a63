"""Forms of what others may change meanwhile: they carry the version that they show, and tell what became of it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.http import QueryDict

from apps.core.editing import ChangedMeanwhile
from apps.core.errors import HouseError
from apps.desk.forms.told import ToldForm


class EditForm(ToldForm):
    """A form of what is edited. Whoever makes it says the ``version`` as its initial value, and gives that to the save.

    ``changed`` is what somebody else changed meanwhile: shown with the form, which keeps what was typed and is based
    on the new version from then on.
    """

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    changed: ChangedMeanwhile | None = None

    @property
    def based_on(self) -> str:
        """The version that whoever sent the form saw."""
        return str(self.cleaned_data["version"])

    @property
    def entered(self) -> dict[str, Any]:
        """What was entered."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    @property
    def status(self) -> int:
        """What the page that shows the form again answers: 409 where somebody else was first, 422, or 200 at first."""
        if self.changed:
            return 409
        return 422 if self.is_bound else 200

    def is_told(self, failure: HouseError) -> bool:
        """Put what ``failure`` says where it belongs, and return whether the form has a place for it."""
        if not isinstance(failure, ChangedMeanwhile):
            return super().is_told(failure)
        self.changed = failure
        sent = cast("QueryDict", self.data).copy()
        sent[self.add_prefix("version")] = failure.version
        self.data = sent
        return True


def typed(form: forms.BaseForm) -> list[tuple[str, str]]:
    """The texts that somebody typed into the form, each with its label."""
    written = (forms.TextInput, forms.Textarea)
    shown = [form[name] for name, field in form.fields.items() if isinstance(field.widget, written)]
    return [(str(field.label), str(field.data)) for field in shown if not field.is_hidden and field.data]
