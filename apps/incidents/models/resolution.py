"""How an incident was mended: the fix, its approval and its verification (R21)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core.models import History
from apps.incidents.models.incident import Incident


class Resolution(models.Model):
    """The fix and its verification, or the reason why it could not be verified; this gates *resolved* (R21)."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="resolution")
    reference = models.CharField(max_length=300, blank=True, help_text="Hotfix branch, change or deployment.")
    approved_by = models.CharField(max_length=120, blank=True, help_text="Who approved the fast track.")
    verified = models.BooleanField(default=False)
    unverified_reason = models.TextField(blank=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(null=True)

    history = History()

    def __str__(self) -> str:
        return f"Resolution of {self.incident}"

    @property
    def is_verified_or_explained(self) -> bool:
        return self.verified or bool(self.unverified_reason.strip())
