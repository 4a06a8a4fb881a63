"""How providers are reached, what they made for incidents, what came in, and what a vendor's ids stand for."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from apps.core import clock
from apps.core.encrypted import EncryptedJSON, EncryptedText
from apps.core.models import History
from apps.incidents.models import Incident
from apps.integrations.tools import StepKind, provider_of
from apps.postmortems.models import ActionItem
from apps.teams.models import Team, User


class CheckState(models.TextChoices):
    ASKED = "asked", "Being tested"
    GOOD = "good", "Works"
    BAD = "bad", "Does not work"


class Connection(models.Model):
    """How a provider is reached for the incidents of a team, or of every team that has no connection of its own.

    Switched off instead of deleted: what it made refers to it.
    """

    provider = models.CharField(max_length=32)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="connections",
        help_text="Whose incidents it serves; empty: of every team without one of its own.",
    )  # fmt: skip
    told = models.JSONField(default=dict, blank=True, editable=False, help_text="What it is told, in the open.")
    secrets = EncryptedJSON(default=dict, blank=True, editable=False, help_text="What it is told and nobody reads.")
    is_active = models.BooleanField(default=True, help_text="Switched off, it makes nothing and is told nothing.")

    history = History()

    class Meta:
        ordering = ["provider", "team__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "team"], name="connection_once_per_team", nulls_distinct=False,
                violation_error_message="There is a connection with this provider already.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{provider_of(self.provider).label} of {self.team or 'every team'}"

    @property
    def settings(self) -> dict[str, str]:
        """Everything that the provider is told."""
        return {**self.told, **self.secrets}

    def guarding_team_ids(self) -> Iterable[int]:
        return (self.team_id,) if self.team_id else ()

    def is_guarded_private(self) -> bool:
        return False

    def involves(self, person: User) -> bool:
        return False


class ConnectionCheck(models.Model):
    """What came of the last test of a connection."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="check_made")
    state = models.CharField(max_length=8, choices=CheckState, default=CheckState.ASKED)
    words = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.get_state_display()}{f': {self.words}' if self.words else ''}"


class StepState(models.TextChoices):
    PLANNED = "planned", "Under way"
    MADE = "made", "Made"
    FAILED = "failed", "Failed"
    ENDED = "ended", "Ended"


class Step(models.Model):
    """What a provider makes for an incident (R14), and how far it knows what happened since.

    ``begun_at``: since when the provider may have made it. ``followed``: the last event of the timeline that it knows.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=16, choices=StepKind)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="steps")
    state = models.CharField(max_length=8, choices=StepState, default=StepState.PLANNED)
    ref = models.CharField(max_length=255, blank=True, help_text="What the provider knows it by.")
    label = models.CharField(max_length=255, blank=True)
    url = models.URLField(max_length=1000, blank=True)
    error = models.CharField(max_length=500, blank=True)
    followed = models.BigIntegerField(default=0)
    planned_at = models.DateTimeField(default=clock.now)
    begun_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["incident_id", "pk"]
        constraints = [models.UniqueConstraint(fields=["incident", "kind"], name="step_once_per_incident_and_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.incident}"


class ItemTicket(models.Model):
    """An action item in a ticket system (R30).

    ``told``: what the ticket says, as a digest; what differs from it is yet to be told.
    """

    item = models.OneToOneField(ActionItem, on_delete=models.PROTECT, related_name="ticket")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="tickets")
    state = models.CharField(max_length=8, choices=StepState, default=StepState.PLANNED)
    ref = models.CharField(max_length=255, blank=True, help_text="What the provider knows it by.")
    label = models.CharField(max_length=255, blank=True)
    url = models.URLField(max_length=1000, blank=True)
    error = models.CharField(max_length=500, blank=True)
    told = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Ticket of {self.item}"


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


class SlackCommand(models.Model):
    """What somebody asked for in Slack, by a command or a card's button; gone once they were told what came of it.

    It is carried out in one transaction with ``done_at`` and ``answer``, so that it is done once.
    """

    key = models.CharField(max_length=200, unique=True, help_text="What Slack knows the asking by.")
    at = models.DateTimeField(db_index=True)
    member = models.CharField(max_length=80)
    channel = models.CharField(max_length=80, blank=True)
    text = EncryptedText(blank=True)
    response_url = EncryptedText(blank=True, help_text="Slack's own address for the answer, good for half an hour.")
    done_at = models.DateTimeField(null=True, blank=True)
    answer = EncryptedText(blank=True)

    def __str__(self) -> str:
        return self.key
