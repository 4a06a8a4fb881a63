"""Severities: what they mean, and how fast one answers and mends (R2)."""

from __future__ import annotations

from django.db import models

from apps.core.models import History


class Severity(models.Model):
    """A severity with the texts that help to pick it and the targets that follow from it (R2)."""

    code = models.CharField(max_length=8, unique=True, help_text="For example P0.")
    label = models.CharField(max_length=40, help_text="For example Critical.")
    rank = models.PositiveSmallIntegerField(unique=True, help_text="0 is the worst.")
    impact = models.TextField()
    examples = models.JSONField(default=list, blank=True)
    response_time = models.DurationField(help_text="From declaration to acknowledgement.")
    resolution_target = models.DurationField(help_text="From declaration to resolution.")
    auto_resolve = models.BooleanField(
        default=False, help_text="A resolved alert resolves the incident even while gates are open."
    )
    is_active = models.BooleanField(default=True)

    history = History()

    class Meta:
        ordering = ["rank"]
        verbose_name_plural = "severities"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(resolution_target__gte=models.F("response_time")),
                name="severity_is_answered_before_it_is_resolved",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"
