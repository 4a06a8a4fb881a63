"""A moment in a form, by a wall clock: read on the days when the clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.core.century import MOMENTS
from apps.core.walltime import instant


class LocalMoment(forms.DateTimeField):
    """A moment by the clock of the active time zone; what is entered with an offset of its own is taken as it is.

    A wall time that comes twice means its first; one that does not exist the first instant after it
    (``walltime.instant``). Django's own field refuses both. It lies within the century (``core.century``).
    """

    default_validators = MOMENTS

    def to_python(self, value: Any) -> datetime | None:
        zone = timezone.get_current_timezone()
        with timezone.override(UTC):
            found = super().to_python(value)
        if found is None or not isinstance(value, str) or _has_offset(value):
            return found
        try:
            return instant(found.date(), found.time(), zone)
        except OverflowError:  # so near to the first or the last day that there is, the hour does not matter
            return found.replace(tzinfo=zone)


def _has_offset(value: str) -> bool:
    try:
        entered = parse_datetime(value.strip())
    except ValueError:
        return False
    return entered is not None and timezone.is_aware(entered)
