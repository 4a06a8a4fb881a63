"""Who is told what, and what became of each attempt to reach them (R14)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from apps.contacts.models import ContactMethod
from apps.core import clock
from apps.incidents.models import Incident


class NotificationKind(models.TextChoices):
    PAGE = "page", "Page"
    ROLE_PAGE = "role_page", "Page for a role"
    NOTICE = "notice", "Notice"
    UPDATE = "update", "Update"
    OTHER = "other", "Other"


class Urgency(models.TextChoices):
    HIGH = "high", "High"
    LOW = "low", "Low"


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
    kind = models.CharField(max_length=16, choices=NotificationKind)
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    step = models.CharField(max_length=120)
    urgency = models.CharField(max_length=8, choices=Urgency)
    until = models.CharField(max_length=16, choices=Until, default=Until.SENT)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    created_at = models.DateTimeField(default=clock.now)
    acknowledged_at = models.DateTimeField(null=True)
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
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.person}: {self.subject}"

    @property
    def is_wanted(self) -> bool:
        """Whether it is still to be delivered: what is not urgent always is, a page until somebody answered."""
        return self.stopped_at is None

    @property
    def is_page(self) -> bool:
        return self.kind in (NotificationKind.PAGE, NotificationKind.ROLE_PAGE)


class Channel(models.TextChoices):
    EMAIL = "email", "Email"
    IN_APP = "in_app", "In the app"


class DeliveryState(models.TextChoices):
    PLANNED = "planned", "Planned"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    READ = "read", "Read"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    UNKNOWN = "unknown", "Outcome unknown"


class Delivery(models.Model):
    """A notification on its way through one channel to one address, with its receipt."""

    notification = models.ForeignKey(Notification, on_delete=models.PROTECT, related_name="deliveries")
    method = models.ForeignKey(ContactMethod, on_delete=models.SET_NULL, null=True, related_name="+")
    channel = models.CharField(max_length=16, choices=Channel)
    address = models.CharField(max_length=254, blank=True)
    position = models.PositiveSmallIntegerField(help_text="0 is tried first; the next when it fails.")
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.PLANNED)
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, help_text="The same at every attempt.")
    attempts = models.PositiveSmallIntegerField(default=0)
    planned_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    unknown_at = models.DateTimeField(
        null=True, help_text="When an attempt ended without telling whether it was sent: it was then sent once more."
    )
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel", "address"], name="delivery_once_per_address")
        ]
        indexes = [
            models.Index(
                fields=["notification"], condition=models.Q(state__in=["planned", "sending", "unknown"]),
                name="delivery_unfinished",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_channel_display()} to {self.address or self.notification.person}: {self.get_state_display()}"
