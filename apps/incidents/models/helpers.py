"""Who is asked to help in a running incident, and who follows it without responding."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.incidents.models.incident import Incident


class Watcher(models.Model):
    """Who is told of an incident's course without responding to it; what is over has no watchers any more."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="watchers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="watched_incidents")
    since = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["incident", "person"], name="watcher_once_per_person")]

    def __str__(self) -> str:
        return f"{self.person} watches {self.incident}"


class RequestState(models.TextChoices):
    PENDING = "pending", "Asked"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ResponderRequest(models.Model):
    """Somebody asked somebody to help in an incident; whoever declined may be asked again, in a row of its own."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="responder_requests")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="responder_requests")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    message = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=RequestState, default=RequestState.PENDING)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, help_text="Why it was declined.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "person"],
                condition=models.Q(state__in=["pending", "accepted"]),
                name="responder_request_one_that_stands",
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending", answered_at__isnull=True)
                | (~models.Q(state="pending") & models.Q(answered_at__isnull=False)),
                name="responder_request_answered_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.incident}: {self.get_state_display()}"

    @property
    def involvement(self) -> str:
        """The reason for which whoever was asked may see and answer the incident."""
        return f"asked to respond by {self.asked_by}"[:80]
