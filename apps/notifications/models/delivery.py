"""A notification on its way to one address, and what became of it."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from django.db import models

from apps.contacts.models import ContactMethod
from apps.core import clock
from apps.notifications.models.notification import Notification


class Channel(models.TextChoices):
    """By which way; a pager is an email address."""

    EMAIL = "email", "Email"
    SMS = "sms", "Text message"
    VOICE = "voice", "Phone call"
    CHAT = "chat", "Slack"
    PUSH = "push", "Push message"
    WEBHOOK = "webhook", "Webhook"
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


#: The message left the house, as far as is known.
ARRIVED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)


class Delivery(models.Model):
    """A notification on its way through one channel to one address, with its receipt."""

    notification = models.ForeignKey(Notification, on_delete=models.PROTECT, related_name="deliveries")
    method = models.ForeignKey(ContactMethod, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    channel = models.CharField(max_length=16, choices=Channel)
    address = models.CharField(max_length=500, blank=True)
    position = models.PositiveSmallIntegerField(help_text="Its place among the steps; what stands in comes after them.")
    instead_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="stand_ins",
        help_text="The delivery that failed, and in whose place this one is tried.",
    )  # fmt: skip
    bundled_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="bundled",
        help_text="The delivery whose message tells of this one too; what becomes of it becomes of this.",
    )  # fmt: skip
    held_back = models.BooleanField(default=False, help_text="It had to wait because its method had enough messages.")
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.PLANNED)
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, help_text="The same at every attempt.")
    provider_id = models.CharField(max_length=120, blank=True, help_text="What the provider knows the message by.")
    attempts = models.PositiveSmallIntegerField(default=0)
    planned_at = models.DateTimeField()
    due_at = models.DateTimeField(default=clock.now, help_text="When it is to be sent; a failure is tried again later.")
    begun_at = models.DateTimeField(null=True, help_text="When the first attempt began.")
    sent_at = models.DateTimeField(null=True)
    receipt_at = models.DateTimeField(null=True, help_text="When the provider last told what became of it.")
    unknown_at = models.DateTimeField(
        null=True, help_text="When an attempt first ended without telling whether it was sent: it was then sent again."
    )
    unknown_attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How many attempts ended so: up to so many copies may have come more than once."
    )
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notification", "position", "channel"], name="delivery_once_per_step")
        ]
        indexes = [
            models.Index(
                fields=["notification"],
                condition=models.Q(state__in=["planned", "sending", "unknown"]),
                name="delivery_unfinished",
            ),
            models.Index(
                fields=["method", "begun_at"], condition=models.Q(bundled_into__isnull=True), name="delivery_of_method"
            ),
            models.Index(fields=["provider_id"], condition=~models.Q(provider_id=""), name="delivery_provider_id"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} to {self.shown}: {self.get_state_display()}"

    @property
    def shown(self) -> str:
        """What a person knows the address by; that of a webhook is often a secret, so it is its label, or its host."""
        if self.channel == Channel.PUSH:
            return self.method.shown if self.method else "a device that is gone"
        if self.channel == Channel.WEBHOOK:
            return (self.method.label if self.method else "") or urlsplit(self.address).hostname or "a webhook"
        return self.address or str(self.notification.person)
