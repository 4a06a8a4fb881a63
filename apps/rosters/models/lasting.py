"""What rows that last from one instant to another have in common."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models

from apps.core.century import lies_within


class Lasting(models.Model):
    """A row with a start and an end, half-open and in UTC; both are always known, and lie within the century."""

    during = DateTimeRangeField(help_text="Half-open, UTC: the end belongs to what follows.")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
                name="%(class)s_has_start_and_end",
            ),
            models.CheckConstraint(condition=lies_within("during"), name="%(class)s_within_the_century"),
        ]

    @property
    def start(self) -> datetime:
        """The first instant, UTC."""
        return cast("datetime", self.during.lower)

    @property
    def end(self) -> datetime:
        """The instant at which it is over, UTC."""
        return cast("datetime", self.during.upper)

    @property
    def stretch(self) -> str:
        """From when to when, in words."""
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"
