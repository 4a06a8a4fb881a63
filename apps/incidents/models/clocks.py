"""Clocks: a target that runs, warns, and is met or breached at an exact time (R4, R24, R31)."""

from __future__ import annotations

from django.db import models

from apps.core import clock
from apps.incidents.models.incident import Incident


class ClockName(models.TextChoices):
    RESPONSE = "response", "Response"
    RESOLUTION = "resolution", "Resolution"
    UPDATE = "update", "Next update"
    CLOSURE = "closure", "Closure confirmation"
    REVIEW = "review", "Review"


class Clock(models.Model):
    """One run of one target of an incident. ``breached_at`` is the due time itself; a clock met late keeps both."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="clocks")
    name = models.CharField(max_length=16, choices=ClockName)
    started_at = models.DateTimeField()
    made_at = models.DateTimeField(
        default=clock.now, editable=False, help_text="When it began to run; one that replaces another keeps its start."
    )
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True, help_text="Ended without an answer: replaced, cancelled or merged.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "name"],
                condition=models.Q(met_at__isnull=True, stopped_at__isnull=True),
                name="clock_one_running_per_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident} {self.get_name_display()} due {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.met_at is None and self.stopped_at is None
