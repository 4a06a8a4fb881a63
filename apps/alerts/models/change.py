"""Changes: what was deployed, committed or otherwise changed, as its senders say (R17)."""

from __future__ import annotations

from django.db import models

from apps.alerts.models.integration import Integration
from apps.catalog.models import Service


class ChangeKind(models.TextChoices):
    DEPLOYMENT = "deployment", "Deployment"
    COMMITS = "commits", "Commits"
    WORKFLOW = "workflow", "Workflow run"
    OTHER = "other", "Change"


class Change(models.Model):
    """One change, written once: what is told again is known by the sender's id. Kept for KEEP_CHANGES_DAYS.

    Without services it concerns whatever its integration's team has. Written by ``alerts.actions`` only.
    """

    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="changes")
    sender_id = models.CharField(max_length=128, help_text="The sender's own, else made of what it says.")
    kind = models.CharField(max_length=16, choices=ChangeKind)
    summary = models.CharField(max_length=500)
    author = models.CharField(max_length=200, blank=True, help_text="As the sender calls them.")
    labels = models.JSONField(default=dict, help_text="Texts by name.")
    links = models.JSONField(default=list, help_text="[{title, url}]")
    services = models.ManyToManyField(Service, related_name="changes", blank=True)
    at = models.DateTimeField(help_text="As the sender says, no later than we heard of it; else when we did.")
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["integration", "sender_id"], name="change_once_per_sender_id"),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="change_newest"),
            models.Index(fields=["received_at"], name="change_received"),
        ]

    def __str__(self) -> str:
        return self.summary
