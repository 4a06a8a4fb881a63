"""JSON that somebody types into a form, or that a script puts there."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from apps.core.storable import texts_in, why_unstorable

#: So many lists and objects within one another are read, and written again.
DEEPEST = 100


class JsonField(forms.JSONField):
    """Says of everything that PostgreSQL or Python cannot hold that it is no JSON, and shows it again as it was."""

    def to_python(self, value: Any) -> Any:
        """See forms.JSONField. Raises ValidationError, whatever ``value`` is."""
        try:
            found = super().to_python(value)
        except (RecursionError, ValueError) as error:
            raise self._invalid(value) from error
        if _is_deep(found) or any(map(why_unstorable, texts_in(found))) or not all(map(isfinite, _numbers_in(found))):
            raise self._invalid(value)
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """See forms.JSONField."""
        try:
            self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)

    def _invalid(self, value: Any) -> ValidationError:
        return ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})


def _numbers_in(found: Any) -> Iterator[float]:
    """What JSON calls ``NaN``, ``Infinity`` and ``1e400`` among them: Python reads it, and PostgreSQL does not."""
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, float):
            yield value
        waiting += _parts(value)


def _is_deep(found: Any) -> bool:
    level = [found]
    for _ in range(DEEPEST):
        level = [part for each in level for part in _parts(each)]
        if not level:
            return False
    return True


def _parts(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return list(found.values())
    return found if isinstance(found, list) else []
