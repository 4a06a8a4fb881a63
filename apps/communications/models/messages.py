"""When updates are due, the words they are written from, and what was sent (R24, R27)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from apps.communications import rules
from apps.core.durations import parse_delay
from apps.core.errors import Invalid
from apps.core.models import AppendOnly, History
from apps.incidents.models import Incident, Severity, Status


def validate_delay(text: str) -> None:
    """Raise ValidationError unless ``text`` is a delay such as 15m, next_business_day or immediately."""
    try:
        parse_delay(text)
    except Invalid as error:
        raise ValidationError(str(error)) from error


def validate_interval(text: str) -> None:
    """Raise ValidationError unless ``text`` is a delay that takes time."""
    validate_delay(text)
    if rules.is_immediate(parse_delay(text)):
        raise ValidationError("Updates that follow one another need time between them, such as 30m.")


class UpdateSchedule(models.Model):
    """When the response team is told of an incident of a severity (R24).

    A severity without a row has one initial message and one at resolution, both sent by the system.
    """

    severity = models.OneToOneField(Severity, on_delete=models.CASCADE, related_name="update_schedule")
    initial = models.CharField(
        max_length=32, validators=[validate_delay], help_text="After declaration; immediately: the system sends it."
    )
    every = models.CharField(
        max_length=32, blank=True, validators=[validate_interval], help_text="After the last one. Empty: no more."
    )
    resolution = models.CharField(
        max_length=32, blank=True, validators=[validate_delay],
        help_text="After the resolution; immediately: the system sends it. Empty: none is due.",
    )  # fmt: skip

    history = History()

    class Meta:
        ordering = ["severity__rank"]

    def __str__(self) -> str:
        return f"Updates of {self.severity}"

    @property
    def cadence(self) -> rules.Cadence:
        """The schedule as the delays it stands for."""
        return rules.Cadence.read(initial=self.initial, every=self.every, resolution=self.resolution)


class Audience(models.TextChoices):
    INTERNAL = "internal", "Response team"
    EXTERNAL = "external", "Customers"


class Phase(models.TextChoices):
    INITIAL = "initial", "Initial message"
    UPDATE = "update", "Update"
    RESOLUTION = "resolution", "Resolution"


class MessageTemplate(models.Model):
    """The words of a message by severity, audience and phase; ``{placeholders}`` stand for facts (R27)."""

    severity = models.ForeignKey(
        Severity, on_delete=models.CASCADE, null=True, blank=True, related_name="message_templates",
        help_text="Empty: for every severity that has none of its own.",
    )  # fmt: skip
    audience = models.CharField(max_length=16, choices=Audience)
    phase = models.CharField(max_length=16, choices=Phase)
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text=f"Understood are {rules.understood()}.")

    history = History()

    class Meta:
        ordering = ["audience", "phase", "severity__rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["severity", "audience", "phase"],
                name="message_template_once_per_occasion",
                nulls_distinct=False,
                violation_error_message="There is a template for this severity, audience and phase already.",
            )
        ]

    def __str__(self) -> str:
        whom = self.severity.code if self.severity else "every severity"
        return f"{self.get_phase_display()} to {self.get_audience_display().lower()}, {whom}"

    def save(self, *args: Any, **options: Any) -> None:
        """Save it. Raises Invalid for a placeholder that nobody fills, whichever way it comes."""
        self._check_placeholders()
        super().save(*args, **options)

    def clean(self) -> None:
        """Raise ValidationError, naming the field, for a placeholder that nobody fills."""
        try:
            self._check_placeholders()
        except Invalid as error:
            raise ValidationError({error.field: str(error)}) from error

    def _check_placeholders(self) -> None:
        for field in ("subject", "body"):
            rules.check_placeholders(getattr(self, field), field=field)


class Update(AppendOnly):
    """A message about an incident, as it was sent. External ones are kept until somebody publishes them."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="updates")
    audience = models.CharField(max_length=16, choices=Audience)
    phase = models.CharField(max_length=16, choices=Phase)
    status = models.CharField(max_length=16, choices=Status, help_text="The incident's status in the message.")
    subject = models.CharField(max_length=250)
    message = models.TextField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: the system."
    )
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        ordering = ["-pk"]
        indexes = [models.Index(fields=["incident", "-id"], name="update_of_incident")]

    def __str__(self) -> str:
        return f"{self.incident}, {self.get_phase_display().lower()} at {self.at:%Y-%m-%d %H:%M}"
