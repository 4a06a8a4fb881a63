"""What is remembered of what came in, what is still to be told of it, and what a vendor's ids stand for."""

from __future__ import annotations

from django.db import models

from apps.core.encrypted import EncryptedText


class Vendor(models.TextChoices):
    PAGERDUTY = "pagerduty", "PagerDuty"
    OPSGENIE = "opsgenie", "Opsgenie"
    GRAFANA_ONCALL = "grafana_oncall", "Grafana OnCall"


class ImportedKind(models.TextChoices):
    PERSON = "person", "Person"
    TEAM = "team", "Team"
    ROSTER = "roster", "Roster"
    OVERRIDE = "override", "Override"
    CHAIN = "chain", "Chain"


class ImportedReference(models.Model):
    """What a vendor's id stands for here, and what the last import made it say.

    By it things are found again whatever they are called by now, there or here; and what differs from ``state`` was
    edited here since.
    """

    vendor = models.CharField(max_length=16, choices=Vendor)
    kind = models.CharField(max_length=16, choices=ImportedKind)
    ref = models.CharField(max_length=255, help_text="The id that the vendor has for it.")
    row = models.PositiveBigIntegerField(help_text="The id that it has here.")
    state = models.JSONField(help_text="What the last import made it say.")
    imported_at = models.DateTimeField(help_text="When it last wrote that.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vendor", "kind", "ref"], name="imported_reference_once")]

    def __str__(self) -> str:
        return f"{self.get_vendor_display()} {self.kind} {self.ref}"


class TextReply(models.Model):
    """A text message that somebody sent us, so that one the provider posts twice is carried out once."""

    sid = models.CharField(max_length=64, unique=True, help_text="What the provider knows the message by.")
    at = models.DateTimeField(db_index=True)
    done_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is carried out; empty: begun only.")
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "text replies"

    def __str__(self) -> str:
        return f"{self.sid}, {self.at:%Y-%m-%d %H:%M}"


class SlackAnswer(models.Model):
    """What Slack is still to be told of a button. It is gone once that is told.

    Kept apart from the timer that tells it: timers are shown to whoever looks after the engine, private incidents and
    the address by which Slack is answered are not.
    """

    key = models.CharField(max_length=200, unique=True, help_text="Of one message, or of one who is told alone.")
    written_at = models.DateTimeField(db_index=True)
    response_url = EncryptedText(blank=True, help_text="Slack's own address for the answer, good for half an hour.")
    channel = models.CharField(max_length=80)
    ts = models.CharField(max_length=40)
    member = models.CharField(max_length=80)
    text = models.TextField()
    blocks = models.JSONField(null=True, help_text="What the message becomes; none: only the member is told.")

    def __str__(self) -> str:
        return self.key
