"""One thing that one person is told (R14)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.core import clock
from apps.incidents.models import Incident
from apps.notifications.models.direct import DirectPage


class NotificationKind(models.TextChoices):
    PAGE = "page", "Page"
    ROLE_PAGE = "role_page", "Page for a role"
    NOTICE = "notice", "Notice"
    UPDATE = "update", "Update"
    OTHER = "other", "Other"


class Urgency(models.TextChoices):
    HIGH = "high", "High"
    LOW = "low", "Low"


#: What asks its receiver for an answer.
PAGES = (NotificationKind.PAGE, NotificationKind.ROLE_PAGE)


class Until(models.TextChoices):
    """What makes further attempts needless."""

    ACKNOWLEDGED = "acknowledged", "The incident is acknowledged"
    RESOLVED = "resolved", "The incident is resolved, or the receiver acknowledged"
    SENT = "sent", "It was sent"


class Notification(models.Model):
    """One thing one person is told. ``step`` names the occasion: once per person, incident and step."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notifications")
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    direct = models.ForeignKey(
        DirectPage, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications",
        help_text="The page by hand that it belongs to, about no incident.",
    )  # fmt: skip
    kind = models.CharField(max_length=16, choices=NotificationKind)
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    step = models.CharField(max_length=120)
    urgency = models.CharField(max_length=8, choices=Urgency)
    until = models.CharField(max_length=16, choices=Until, default=Until.SENT)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    created_at = models.DateTimeField(default=clock.now)
    acknowledged_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True, help_text="When the receiver said that they cannot take it on.")
    withdrawn_at = models.DateTimeField(
        null=True, help_text="When the incident was handed to others before the receiver answered."
    )
    stopped_at = models.DateTimeField(null=True, help_text="Since then no further attempt is made to deliver it.")
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "incident", "step"], name="notification_once_per_step", nulls_distinct=False
            )
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="notification_of_person"),
            models.Index(fields=["person"], condition=models.Q(read_at__isnull=True), name="notification_unread"),
            models.Index(
                fields=["person"],
                condition=models.Q(kind__in=["page", "role_page"], acknowledged_at__isnull=True),
                name="notification_unanswered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.person}: {self.subject}"

    @property
    def is_wanted(self) -> bool:
        """Whether it is still to be delivered: what is not urgent always is, a page until somebody answered."""
        return self.stopped_at is None

    @property
    def is_page(self) -> bool:
        """Whether it asks its receiver for an answer."""
        return self.kind in PAGES

    @property
    def is_answered(self) -> bool:
        """Whether its receiver said something to it: that they take it on, or that they cannot."""
        return self.acknowledged_at is not None or self.declined_at is not None

    @property
    def code(self) -> str:
        """What an answer without a link names the page by: the incident's number, P and its own without one."""
        return str(self.incident_id) if self.incident_id else f"P{self.pk}"
