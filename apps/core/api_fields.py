"""What requests to the API consist of, besides what the framework knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from apps.core.century import MOMENTS


class Instant(serializers.DateTimeField):
    """A moment with its offset. Without one it is refused: the caller's zone, the team's and UTC are all guesses."""

    default_error_messages = {"naive": "Say the offset too, as in 2026-03-02T09:00:00+01:00, or Z for UTC."}

    def enforce_timezone(self, value: datetime) -> datetime:
        """The moment in UTC. Raises ValidationError for one without an offset."""
        if timezone.is_naive(value):
            self.fail("naive")
        return super().enforce_timezone(value)


class EnteredInstant(Instant):
    """A moment with its offset that is kept: it lies within the century (``core.century``)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators.extend(MOMENTS)
