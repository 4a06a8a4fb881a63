"""The inbox: what senders posted, byte for byte, until it is handled and for a while after."""

from __future__ import annotations

from django.db import models
from django.db.models import Value
from django.db.models.functions import Now

from apps.alerts.models.integration import Integration


class InboxEntry(models.Model):
    """One accepted body. Raw bytes, so that nothing that was accepted can fail to be stored.

    Handled is what has ``handled_at``. A ``problem`` with it says what could not be understood; a ``problem``
    without it is a fault of ours, and the entry is tried again.
    """

    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="inbox", db_index=False)
    body = models.BinaryField()
    envelope = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True,
        help_text="What address and headers say of it that the body does not: texts by name.",
    )  # fmt: skip
    received_at = models.DateTimeField(db_default=Now())
    handled_at = models.DateTimeField(null=True, blank=True)
    taken_in = models.PositiveIntegerField(db_default=0, help_text="How many of its alerts were looked at, in order.")
    failed = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True,
        help_text="Which of those could not be taken in for a fault of ours: they are tried again.",
    )  # fmt: skip
    failures = models.PositiveIntegerField(db_default=0)
    problem = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "inbox entries"
        indexes = [
            models.Index(fields=["integration", "-id"], name="inbox_of_integration"),
            models.Index(fields=["id"], condition=models.Q(handled_at__isnull=True), name="inbox_waiting"),
            models.Index(fields=["integration", "-id"], condition=~models.Q(problem=""), name="inbox_problems"),
            models.Index(fields=["handled_at"], condition=models.Q(handled_at__isnull=False), name="inbox_handled"),
        ]

    def __str__(self) -> str:
        return f"{self.integration} {self.received_at:%Y-%m-%d %H:%M:%S}"

    @property
    def text(self) -> str:
        """The body as text; it was checked to be JSON, hence UTF-8, when it came."""
        return bytes(self.body).decode(errors="replace")
