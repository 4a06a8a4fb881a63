"""Who wants mail of what is published, and what they were sent (R26)."""

from __future__ import annotations

from django.db import models

from apps.communications.models.status_page import Component, PublicUpdate, new_code
from apps.core import clock


class Subscriber(models.Model):
    """An address that wants mail; until it is confirmed it gets none but the question. Whoever leaves is deleted.

    Without components it wants to know of all.
    """

    address = models.EmailField(unique=True, help_text="In lower case.")
    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    components = models.ManyToManyField(Component, related_name="subscribers", blank=True)
    asked_at = models.DateTimeField(default=clock.now, db_index=True, help_text="When it was asked last to confirm.")
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.address


class MailState(models.TextChoices):
    PLANNED = "planned", "Planned"
    SENDING = "sending", "On its way"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


class SubscriberMail(models.Model):
    """That a subscriber is told of something that was published: once. What broke off on its way is not sent again."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="mails")
    published = models.ForeignKey(PublicUpdate, on_delete=models.PROTECT, related_name="mails")
    state = models.CharField(max_length=8, choices=MailState, default=MailState.PLANNED)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often its address put it off.")
    next_try_at = models.DateTimeField(default=clock.now)
    at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["published", "subscriber"], name="subscriber_mail_once_per_update")
        ]
        indexes = [
            models.Index(
                fields=["published", "next_try_at", "id"],
                condition=models.Q(state=MailState.PLANNED),
                name="subscriber_mail_planned",
            )
        ]

    def __str__(self) -> str:
        return f"{self.published} to subscriber {self.subscriber_id}"
