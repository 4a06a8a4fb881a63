"""Who was given access to a private incident by name, and from whom it was taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core.models import History
from apps.incidents.models.incident import Incident


class AccessGrant(models.Model):
    """A commander let somebody see a private incident, for a reason; while it stands they are involved in it."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="access_grants")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="access_grants")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    given_at = models.DateTimeField()
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    taken_back_at = models.DateTimeField(null=True, blank=True)

    history = History()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "person"],
                condition=models.Q(taken_back_at__isnull=True),
                name="access_grant_one_that_stands",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_back_at=None, taken_back_by=None)
                | models.Q(taken_back_at__isnull=False, taken_back_by__isnull=False),
                name="access_grant_taken_back_by_somebody_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} may see {self.incident}: {self.reason}"

    @property
    def stands(self) -> bool:
        return self.taken_back_at is None

    @property
    def involvement(self) -> str:
        """The reason for which whoever was given access may see and answer the incident."""
        return f"given access by {self.given_by}"[:80]
