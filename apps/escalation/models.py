"""Escalation policies, and the runs that follow them: who is paged when nobody answers, or nobody mends (R9 to R13)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.contacts.models import EmergencyContact
from apps.core.models import History
from apps.incidents.models import Incident, ResponseRole, Severity
from apps.rosters.models import Roster
from apps.teams.models import Team

#: Whoever works on an incident is not asked more often than this.
SHORTEST_SILENCE = timedelta(seconds=5)
LEVEL_NUMBERS = [MinValueValidator(1), MaxValueValidator(5)]


class Unless(models.TextChoices):
    ACKNOWLEDGED = "acknowledged", "Unless acknowledged"
    RESOLVED = "resolved", "Unless resolved"


class TargetKind(models.TextChoices):
    ON_CALL = "on_call", "On call of the incident's team"
    ROSTER = "roster", "On call of a roster"
    ROLE = "role", "Response role"
    CONTACT = "contact", "Emergency contact"
    PERSON = "person", "Person"


class Policy(models.Model):
    """The chain for a severity: of one team, or of every team that has none of its own."""

    severity = models.ForeignKey(Severity, on_delete=models.CASCADE, related_name="escalation_policies")
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="escalation_policies",
        help_text="Empty: for every team without a policy of its own.",
    )  # fmt: skip
    asks_again_after = models.DurationField(
        null=True, blank=True, validators=[MinValueValidator(SHORTEST_SILENCE)],
        help_text="Acknowledged, and nobody did anything for so long: it asks again, and then goes on. Empty: never.",
    )  # fmt: skip

    history = History()

    class Meta:
        ordering = ["severity__rank", "team__name"]
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                fields=["severity", "team"], name="policy_once_per_severity_and_team", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(asks_again_after=None) | models.Q(asks_again_after__gte=SHORTEST_SILENCE),
                name="policy_asks_again_after_a_while",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.severity.code} of {self.team or 'every team'}"


class Level(models.Model):
    """One level of a policy: after how long, unless what, to whom."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="levels")
    number = models.PositiveSmallIntegerField(validators=LEVEL_NUMBERS)
    name = models.CharField(max_length=120)
    after = models.DurationField(help_text="Since declaration (not since the level before).")
    unless = models.CharField(max_length=16, choices=Unless)

    history = History()

    class Meta:
        ordering = ["policy", "number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="level_once_per_number"),
            models.CheckConstraint(condition=models.Q(number__range=(1, 5)), name="level_number_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"L{self.number} {self.name}"


class LevelTarget(models.Model):
    """Whom a level pages. Exactly one of the references is set, as the kind says; on call needs none."""

    level = models.ForeignKey(Level, on_delete=models.CASCADE, related_name="targets")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=16, choices=TargetKind)
    role = models.ForeignKey(ResponseRole, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    contact = models.ForeignKey(EmergencyContact, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    history = History()

    class Meta:
        ordering = ["level", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="level_target_names_what_its_kind_says",
                condition=models.Q(kind="on_call", role=None, contact=None, person=None, roster=None)
                | models.Q(kind="role", role__isnull=False, contact=None, person=None, roster=None)
                | models.Q(kind="contact", role=None, contact__isnull=False, person=None, roster=None)
                | models.Q(kind="person", role=None, contact=None, person__isnull=False, roster=None)
                | models.Q(kind="roster", role=None, contact=None, person=None, roster__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.role or self.contact or self.person or self.roster or self.get_kind_display())


class TriggerKind(models.TextChoices):
    IMPACT = "impact", "Impact"
    TECHNICAL = "technical", "Technical"


class Trigger(models.Model):
    """A reason to raise at once, and to which level (R10, R11)."""

    key = models.SlugField(unique=True)
    kind = models.CharField(max_length=16, choices=TriggerKind)
    text = models.CharField(max_length=200)
    level = models.PositiveSmallIntegerField(validators=LEVEL_NUMBERS)
    shows_external_contacts = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    history = History()

    class Meta:
        ordering = ["position"]
        constraints = [models.CheckConstraint(condition=models.Q(level__range=(1, 5)), name="trigger_level_1_to_5")]

    def __str__(self) -> str:
        return self.text


class Run(models.Model):
    """An incident climbing a chain. Its levels are a snapshot: a later edit of the policy does not touch them."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="escalation_runs")
    policy = models.ForeignKey(Policy, on_delete=models.SET_NULL, null=True, related_name="runs")
    started_at = models.DateTimeField(help_text="What the levels' times count from.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="Resolved, cancelled, merged, or replaced by another run.")
    held_until = models.DateTimeField(null=True)
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
    """One level of a run, and what became of it."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="levels")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    unless = models.CharField(max_length=16, choices=Unless)
    targets = models.JSONField(help_text="[{kind, id, label}] as they were when the run began.")
    state = models.CharField(max_length=16, choices=LevelState, default=LevelState.PLANNED)
    at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", help_text="Who was paged.")

    class Meta:
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="run_level_once_per_number"),
            models.CheckConstraint(
                condition=models.Q(state__in=["planned", "held"]) | models.Q(at__isnull=False),
                name="run_level_decided_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"L{self.number} {self.name}: {self.get_state_display()}"
