"""Incidents climbing their chains, what became of each level, and proofs that nobody was forgotten (R12, R13)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from apps.core import clock
from apps.escalation.models.policies import Level, OutsideHours, Policy, Unless
from apps.incidents.models import Incident


class Run(models.Model):
    """An incident climbing a chain. Its levels are a snapshot: a later edit of the policy does not touch them."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="escalation_runs")
    policy = models.ForeignKey(Policy, on_delete=models.SET_NULL, null=True, related_name="runs")
    started_at = models.DateTimeField(help_text="What the levels' times count from.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="Resolved, cancelled, merged, or replaced by another run.")
    held_until = models.DateTimeField(null=True)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+",
        help_text="Who holds it and is still to be asked at its end whether they are on it.",
    )  # fmt: skip
    maintenance_until = models.DateTimeField(
        null=True, help_text="While it stands still because of maintenance: until when, as was reckoned last."
    )
    stood_still = models.DurationField(
        default=timedelta(0), help_text="By how much maintenance has moved its levels so far."
    )
    asks_again_after = models.DurationField(null=True, help_text="The policy's when the run began.")
    asked_again_at = models.DateTimeField(
        null=True, help_text="When it asked whether anybody is still on it, or went on, and nobody did anything since."
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=models.Q(ended_at__isnull=True), name="run_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"Escalation of {self.incident}"


class Proof(models.Model):
    """One look at all open incidents: was whoever should be paged paged, left out for a reason, or is it planned?"""

    at = models.DateTimeField(db_index=True)
    milliseconds = models.PositiveIntegerField(help_text="How long the look took.")
    open_incidents = models.PositiveIntegerField()
    gaps = models.JSONField(default=list, help_text="What was missing and is repaired, as sentences.")
    unrepaired = models.JSONField(default=list, help_text="What is missing and could not be repaired, as sentences.")
    raised = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, related_name="+", help_text="The incident about the gaps."
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}: {len(self.gaps)} gaps in {self.open_incidents} open incidents"


class LevelState(models.TextChoices):
    PLANNED = "planned", "Planned"
    FIRED = "fired", "Paged"
    SKIPPED = "skipped", "Skipped"
    PASSED = "passed", "Passed"
    HELD = "held", "Held"


#: States in which a level still has to be decided.
UNDECIDED = (LevelState.PLANNED, LevelState.HELD)


class RunLevel(models.Model):
    """One level of a run in one of its rounds, and what became of it."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="levels")
    source = models.ForeignKey(
        Level, on_delete=models.SET_NULL, null=True, related_name="+",
        help_text="The level of the policy that it was taken from: it knows whose turn it is.",
    )  # fmt: skip
    round = models.PositiveSmallIntegerField(default=1)
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    made_at = models.DateTimeField(
        default=clock.now,
        editable=False,
        help_text="When it was planned: with its run, for a round, or borrowed.",
    )
    due_at = models.DateTimeField()
    waits_until = models.DateTimeField(null=True, help_text="While it is held: when it is decided.")
    unless = models.CharField(max_length=16, choices=Unless)
    outside_hours = models.CharField(max_length=8, choices=OutsideHours, default=OutsideHours.PAGE)
    round_robin = models.BooleanField(default=False)
    targets = models.JSONField(help_text="[{kind, id, label, outside_hours}] as they were when the run began.")
    state = models.CharField(max_length=16, choices=LevelState, default=LevelState.PLANNED)
    at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    for_silence = models.BooleanField(
        default=False, help_text="Paged because whoever had acknowledged did nothing, not at its time or by hand."
    )
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", help_text="Who was paged.")

    class Meta:
        ordering = ["run_id", "round", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "round", "number"], name="run_level_once_per_round_and_number"),
            models.CheckConstraint(
                condition=models.Q(state__in=["planned", "held"]) | models.Q(at__isnull=False),
                name="run_level_decided_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.name}: {self.get_state_display()}"

    @property
    def title(self) -> str:
        """What people call it: L2, and in a later round L2 of round 3."""
        return f"L{self.number}" if self.round == 1 else f"L{self.number} of round {self.round}"

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the run: a later round is above every level of an earlier one."""
        return self.round, self.number

    @property
    def decided_at(self) -> datetime:
        """When the engine decides it as things stand: at its time, or when what holds it back is over."""
        return self.waits_until or self.due_at
