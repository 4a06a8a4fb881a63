"""The procedures in force and their revisions, so that every incident says under which it ran (R36)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models

from apps.core import clock
from apps.core.models import AppendOnly, History


class Procedures(models.Model):
    """What the procedures document says of itself and of the organisation as a whole: one row."""

    title = models.CharField(max_length=200)
    version = models.CharField(max_length=40)
    last_updated = models.DateField()
    next_review = models.DateField()
    remind_before = models.DurationField(
        default=timedelta(days=14), help_text="How long before the next review its owner is reminded of it."
    )
    owner = models.CharField(max_length=200, help_text="Who answers for it: a team's name or slug, or an address.")
    definition = models.TextField(blank=True, help_text="What counts as an incident.")
    areas = models.JSONField(default=list, help_text="The areas an incident may affect: [{slug, name}] (R1).")
    tools = models.JSONField(default=dict, help_text="Which product serves which purpose (R33).")
    reopen_within = models.DurationField(default=timedelta(hours=24))
    warn_before = models.CharField(
        max_length=20, help_text="How long before a clock breaks one is warned: 10m, response/3."
    )
    closure_within = models.DurationField(help_text="From resolution to the confirmed closure (R28).")
    review_within = models.DurationField(help_text="From resolution to the finished review (R29).")
    business_calendar = models.JSONField(
        default=dict, help_text="{time_zone, days, start, end, holidays}: when the organisation works."
    )
    closure_steps = models.JSONField(default=list, help_text="What closure confirmation covers (R28).")
    verification = models.JSONField(default=list, help_text="How a fix is verified (R21).")
    resources = models.JSONField(default=dict, blank=True, help_text="Commands and references of the document (R35).")

    history = History()

    class Meta:
        verbose_name_plural = "procedures"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="procedures_are_one_row")]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class ProceduresOrigin(models.TextChoices):
    FILE = "file", "procedures file"
    ADMIN = "admin", "edited in the admin"


class ProceduresRevision(AppendOnly):
    """The whole procedures as they stood from this revision on, in the form of the procedures file."""

    moment = "created_at"

    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical document.")
    document = models.JSONField()
    origin = models.CharField(max_length=8, choices=ProceduresOrigin)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.version} (revision {self.pk})"
