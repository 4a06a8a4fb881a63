"""Alerts: what a sender says is wrong, one row per fingerprint and incident."""

from __future__ import annotations

from django.db import models

from apps.alerts.models.integration import Integration
from apps.catalog.models import Service
from apps.incidents.models import Incident, Severity
from apps.teams.models import Team


class AlertStatus(models.TextChoices):
    FIRING = "firing", "Firing"
    RESOLVED = "resolved", "Resolved"


class Alert(models.Model):
    """What became of one fingerprint of one integration. Deliveries after the first change it and are counted.

    The current row is the one deliveries go to; when a new incident is made of the same fingerprint the old one keeps
    its alert, which is then no longer current. Written by ``alerts.actions`` only.
    """

    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="alerts")
    fingerprint = models.CharField(max_length=128)
    is_current = models.BooleanField(default=True)
    status = models.CharField(max_length=16, choices=AlertStatus)
    title = models.CharField(max_length=500)
    labels = models.JSONField(default=dict, help_text="Texts by name.")
    annotations = models.JSONField(default=dict, help_text="Texts by name.")
    links = models.JSONField(default=list, help_text="[{title, url}]")
    severity = models.ForeignKey(Severity, on_delete=models.PROTECT, related_name="alerts")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="alerts")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts")
    starts_at = models.DateTimeField(help_text="As the sender says, else when we heard of it.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="As the sender says, else when we heard of it.")
    acknowledged_at = models.DateTimeField(
        null=True, blank=True, help_text="When its sender first said that somebody took it on there."
    )
    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    deliveries = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "fingerprint"],
                condition=models.Q(is_current=True),
                name="alert_one_current_per_fingerprint",
            ),
            models.CheckConstraint(
                condition=models.Q(incident__isnull=False) | ~models.Q(status="firing"),
                name="alert_that_fires_has_an_incident",
            ),
        ]
        indexes = [models.Index(fields=["incident", "id"], name="alert_of_incident")]

    def __str__(self) -> str:
        return self.title
