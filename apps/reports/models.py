"""What users report, and what became of it (R3)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.catalog.models import Service
from apps.core import clock
from apps.core.names import NameField
from apps.incidents.models import Incident


class ReportState(models.TextChoices):
    NEW = "new", "Not looked at yet"
    ACCEPTED = "accepted", "Taken up"
    REJECTED = "rejected", "Not taken up"


class Report(models.Model):
    """Somebody says that something does not work. ``by`` is whoever was signed in, None a stranger.

    Decided once, by ``reports.actions``: taken up as an incident of its own or a part of another, or rejected with an
    answer. ``name`` and ``email`` are what a stranger left, and go after a while.
    """

    title = NameField(max_length=200)
    text = models.TextField(blank=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, blank=True, related_name="reports")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="reports"
    )
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=8, choices=ReportState, default=ReportState.NEW)
    answer = models.TextField(blank=True, help_text="What whoever reported it is told.")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="reports")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["id"], name="report_waiting", condition=models.Q(state="new"))]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="new", decided_at=None, decided_by=None, incident=None, answer="")
                | models.Q(state="accepted", decided_at__isnull=False, decided_by__isnull=False, incident__isnull=False)
                | (
                    models.Q(state="rejected", decided_at__isnull=False, decided_by__isnull=False, incident=None)
                    & ~models.Q(answer="")
                ),
                name="report_decided_once_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def address(self) -> str:
        """Where whoever reported it is told what became of it; empty: nowhere."""
        if self.by is not None:
            return self.by.email if self.by.is_active else ""
        return self.email
