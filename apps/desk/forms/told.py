"""Forms beside whose fields stands what the house refuses once they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django import forms

from apps.core.errors import HouseError, Invalid


class ToldForm(forms.Form):
    """A form that is shown again, as it was filled in, where the action refuses it."""

    #: What the form calls the fields that the actions name otherwise.
    called: ClassVar[Mapping[str, str]] = {}

    def is_told(self, failure: HouseError) -> bool:
        """Put what ``failure`` says beside the field that it names, and return whether the form has that field."""
        if not isinstance(failure, Invalid):
            return False
        name = self.called.get(failure.field, failure.field)
        if name not in self.fields:
            return False
        self.add_error(name, str(failure))
        return True
