"""Escalation policies: who is paged when nobody answers, or nobody mends (R9 to R13)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse

from apps.catalog.models import Service
from apps.contacts.models import EmergencyContact, WebhookEndpoint
from apps.core.models import History
from apps.core.names import NameField
from apps.incidents.models import ResponseRole, Severity
from apps.rosters.models import Roster
from apps.teams.models import Team

#: Whoever works on an incident is not asked more often than this.
SHORTEST_SILENCE = timedelta(seconds=5)
LAST_LEVEL = 5
LEVEL_NUMBERS = [MinValueValidator(1), MaxValueValidator(LAST_LEVEL)]
MOST_REPEATS = 10


class Unless(models.TextChoices):
    ACKNOWLEDGED = "acknowledged", "Unless acknowledged"
    RESOLVED = "resolved", "Unless resolved"


class OutsideHours(models.TextChoices):
    """What a level does that falls due outside the working hours of the incident's team."""

    PAGE = "page", "Page all the same"
    WAIT = "wait", "Wait until working hours begin"
    OTHER = "other", "Page the targets for outside hours instead"


class TargetKind(models.TextChoices):
    ON_CALL = "on_call", "On call of the incident's team"
    ROSTER = "roster", "On call of a roster"
    NEXT = "next", "Next on call of a roster"
    TEAM = "team", "Responders of a team"
    ROLE = "role", "Response role"
    CONTACT = "contact", "Emergency contact"
    PERSON = "person", "Person"
    WEBHOOK = "webhook", "Webhook"


#: Which reference each kind of target has; on call of the incident's team needs none.
REFERENCES: dict[TargetKind, str] = {
    TargetKind.ROSTER: "roster",
    TargetKind.NEXT: "roster",
    TargetKind.TEAM: "team",
    TargetKind.ROLE: "role",
    TargetKind.CONTACT: "contact",
    TargetKind.PERSON: "person",
    TargetKind.WEBHOOK: "webhook",
}


class Policy(models.Model):
    """The chain for a severity: of one service, of one team, or of everybody who has none of their own."""

    severity = models.ForeignKey(Severity, on_delete=models.CASCADE, related_name="escalation_policies")
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="escalation_policies",
        help_text="Empty, as is the service: for every team without a policy of its own.",
    )  # fmt: skip
    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, null=True, blank=True, related_name="escalation_policies",
        help_text="For incidents of this service, before any policy of its team.",
    )  # fmt: skip
    asks_again_after = models.DurationField(
        null=True, blank=True, validators=[MinValueValidator(SHORTEST_SILENCE)],
        help_text="Acknowledged, and nobody did anything for so long: it asks again, and then goes on. Empty: never.",
    )  # fmt: skip
    repeats = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MOST_REPEATS)],
        help_text="How many more times the chain is climbed, from its first level.",
    )  # fmt: skip
    repeat_every = models.DurationField(
        null=True, blank=True, help_text="From the start of one round to the next; longer than its last level's time."
    )

    history = History()

    class Meta:
        ordering = ["severity__rank", "service__name", "team__name"]
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                fields=["severity", "team"], condition=models.Q(service=None), nulls_distinct=False,
                name="policy_once_per_severity_and_team",
                violation_error_message="There is a policy for this severity and team already.",
            ),
            models.UniqueConstraint(
                fields=["severity", "service"], condition=models.Q(service__isnull=False),
                name="policy_once_per_severity_and_service",
                violation_error_message="There is a policy for this severity and service already.",
            ),
            models.CheckConstraint(
                condition=models.Q(asks_again_after=None) | models.Q(asks_again_after__gte=SHORTEST_SILENCE),
                name="policy_asks_again_after_a_while",
            ),
            models.CheckConstraint(
                condition=models.Q(team=None) | models.Q(service=None), name="policy_of_a_service_or_a_team",
                violation_error_message="A policy is for a service or for a team, not for both.",
            ),
            models.CheckConstraint(
                condition=models.Q(repeats=0)
                | models.Q(repeats__lte=MOST_REPEATS, repeat_every__isnull=False, repeat_every__gt=timedelta(0)),
                name="policy_that_repeats_says_how_often",
                violation_error_message="A chain that repeats says after how long, and does so ten times at most.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.severity.code} of {self.scope}"

    def get_absolute_url(self) -> str:
        return reverse("policy", args=[self.pk])

    @property
    def scope(self) -> str:
        """Whose incidents it is for, in words."""
        return str(self.service or self.team or "every team")

    @property
    def owner(self) -> Team | None:
        """The team whose managers keep it; None: the administrators."""
        return self.service.team if self.service else self.team


class Level(models.Model):
    """One level of a policy: after how long, unless what, to whom."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="levels")
    number = models.PositiveSmallIntegerField(validators=LEVEL_NUMBERS)
    name = NameField(max_length=120)
    after = models.DurationField(help_text="Since declaration (not since the level before).")
    unless = models.CharField(max_length=16, choices=Unless)
    outside_hours = models.CharField(
        "outside working hours", max_length=8, choices=OutsideHours, default=OutsideHours.PAGE,
        help_text="Those of the incident's team.",
    )  # fmt: skip
    round_robin = models.BooleanField(
        default=False, help_text="Page one of its people, the next time the next, instead of all of them."
    )

    history = History()

    class Meta:
        ordering = ["policy_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="level_once_per_number"),
            models.CheckConstraint(condition=models.Q(number__range=(1, 5)), name="level_number_1_to_5"),
            models.CheckConstraint(
                condition=models.Q(after__gte=timedelta(0)), name="level_not_before_the_declaration",
                violation_error_message="A level is never due before the declaration.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"L{self.number} {self.name}"


def _names(only: str | None = None) -> models.Q:
    """That a target has the reference ``only`` and no other; without one, none."""
    return models.Q(*((f"{each}__isnull", each != only) for each in sorted(set(REFERENCES.values()))))


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
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    webhook = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    outside_hours = models.BooleanField(
        "outside hours", default=False, help_text="Paged outside working hours, instead of those without this mark."
    )

    history = History()

    class Meta:
        ordering = ["level_id", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="level_target_names_what_its_kind_says",
                condition=models.Q(_names(), kind="on_call")
                | models.Q(_names("role"), kind="role")
                | models.Q(_names("contact"), kind="contact")
                | models.Q(_names("person"), kind="person")
                | models.Q(_names("team"), kind="team")
                | models.Q(_names("webhook"), kind="webhook")
                | models.Q(_names("roster"), kind__in=["roster", "next"]),
                violation_error_message="Name exactly what the kind says, and nothing else.",
            )
        ]

    def __str__(self) -> str:
        if self.kind == TargetKind.NEXT:
            return f"{self.roster} (next)"
        if self.kind == TargetKind.TEAM:
            return f"Responders of {self.team}"
        return str(self.role or self.contact or self.person or self.roster or self.webhook or self.get_kind_display())


class Turn(models.Model):
    """When a person was last paged by a level that pages one after the other; the lowest number is the next."""

    level = models.ForeignKey(Level, on_delete=models.CASCADE, related_name="turns")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveBigIntegerField(help_text="Counts the pages of the level.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "person"], name="turn_once_per_level_and_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.number} of {self.level}"


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
