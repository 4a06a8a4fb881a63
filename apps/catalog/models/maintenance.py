"""Maintenance windows: when somebody works on services on purpose, so that their alerts wake nobody (R34)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from apps.catalog.models.services import Service
from apps.core import clock
from apps.core.century import MOMENTS, is_within
from apps.core.models import History

#: Nothing holds pages back for longer than this; who needs more plans another window.
LONGEST = timedelta(days=7)


class WindowState(models.TextChoices):
    NOW = "now", "Now"
    PLANNED = "planned", "Planned"
    PAST = "past", "Past"


class MaintenanceWindow(models.Model):
    """Work on services from ``starts_at`` up to but not including its end, which always comes by itself.

    Never deleted: what it held back refers to it. One that is taken back before it began has an end before its start
    and was never on.
    """

    services = models.ManyToManyField(Service, related_name="maintenance_windows", blank=True)
    all_services = models.BooleanField(
        "all services", default=False, help_text="Instead of naming services; for administrators."
    )
    message = models.CharField(max_length=200, blank=True, help_text="What is done, for who reads why nobody is paged.")
    starts_at = models.DateTimeField("start", validators=MOMENTS)
    ends_at = models.DateTimeField(
        "end", validators=MOMENTS, help_text="It ends by itself then; that instant is outside of it."
    )
    ended_early_at = models.DateTimeField("ended early", null=True, blank=True)
    ended_early_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_public = models.BooleanField(
        "on the status page", default=False, help_text="Everybody reads when, of which components, and what is done."
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    history = History(m2m_fields=[services])

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="maintenance_ends_after_its_start",
                violation_error_message="The end lies after the start.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__lte=models.F("starts_at") + LONGEST), name="maintenance_not_for_ever",
                violation_error_message="Maintenance lasts seven days at most.",
            ),
            models.CheckConstraint(
                condition=is_within("starts_at") & is_within("ends_at"), name="maintenance_within_the_century"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_early_at=None) | models.Q(ended_early_at__lt=models.F("ends_at")),
                name="maintenance_ended_early_is_early",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_early_by=None) | models.Q(ended_early_at__isnull=False),
                name="maintenance_ended_early_says_when",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["ends_at"], name="maintenance_by_its_end")]

    def __str__(self) -> str:
        return self.message or "Maintenance"

    @property
    def end(self) -> datetime:
        """When it ended, or will: the first instant outside of it."""
        return self.ended_early_at or self.ends_at

    @property
    def state(self) -> WindowState:
        """Whether it is on at this moment."""
        now = clock.now()
        if self.end <= now:
            return WindowState.PAST
        return WindowState.NOW if self.starts_at <= now else WindowState.PLANNED
