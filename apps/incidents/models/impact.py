"""Impact assessments: each one is kept, the latest is shown (R19)."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core.models import AppendOnly
from apps.incidents.models.incident import Incident


class DataIntegrity(models.TextChoices):
    UNKNOWN = "unknown", "Not verified yet"
    VERIFIED = "verified", "Verified"
    COMPROMISED = "compromised", "Compromised"


class ImpactAssessment(AppendOnly):
    """What was known of the impact at one time (R19)."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="impact_assessments")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    users_affected = models.PositiveIntegerField(null=True, blank=True)
    customers_affected = models.PositiveIntegerField(null=True, blank=True)
    availability_percent = models.DecimalField(
        max_digits=6, decimal_places=3, null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    revenue_impact = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    data_integrity = models.CharField(max_length=16, choices=DataIntegrity, default=DataIntegrity.UNKNOWN)
    security_implications = models.BooleanField(default=False)
    media_attention = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Impact of {self.incident} at {self.at:%Y-%m-%d %H:%M}"
