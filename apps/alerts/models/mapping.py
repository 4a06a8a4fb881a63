"""How labels become severity, service and team: data, editable in the admin, mostly of the procedures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.alerts.models.integration import Integration
from apps.catalog.models import Service
from apps.core.models import History
from apps.incidents.models import Severity
from apps.teams.models import User

#: In ``SeverityRule.values``: any value at all, and an alert that has none of the labels.
ANY_VALUE = "*"
NO_VALUE = ""


def validate_texts(value: object) -> None:
    """Raise ValidationError unless ``value`` is a list of texts with something in it."""
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValidationError('Give a list of texts, such as ["high", "error"].')


def validate_text_map(value: object) -> None:
    """Raise ValidationError unless ``value`` maps texts to texts."""
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValidationError('Give texts by name, such as {"P1": "P0"}.')


class SeverityRule(models.Model):
    """An alert with one of ``labels`` equal to one of ``values`` has this severity; the first that fits decides."""

    position = models.PositiveSmallIntegerField(unique=True)
    labels = models.JSONField(validators=[validate_texts], help_text='For example ["priority", "severity"].')
    values = models.JSONField(
        validators=[validate_texts],
        help_text='In any case of letters. "*" is any value, "" an alert that has none of the labels.',
    )
    severity = models.ForeignKey(
        Severity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="alert_rules",
        help_text="Empty: the label's value itself, as written.",
    )

    history = History()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        values = ", ".join(value or "none" for value in self.values)
        return f"{' or '.join(self.labels)} = {values}: {self.severity.code if self.severity else 'as written'}"


class ChangeRule(models.Model):
    """A change of the integration concerns ``service`` if its label has this value (R17); all rules that fit count."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="change_rules")
    label = models.CharField(
        max_length=120, default="repository", help_text="Of GitHub: repository, branch, environment, ref."
    )
    value = models.CharField(max_length=500, help_text='In any case of letters, as octo/website. "*" is any value.')
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="change_rules")

    history = History()

    class Meta:
        ordering = ["integration", "label", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "label", "value", "service"],
                name="change_rule_once",
                violation_error_message="There is such a rule already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} = {self.value}: {self.service}"

    def guarding_team_ids(self) -> Iterable[int]:
        return (self.integration.team_id,)

    def is_guarded_private(self) -> bool:
        return False

    def involves(self, person: User) -> bool:
        return False


class AlertSettings(models.Model):
    """Which labels name service and team, how a sender's own priorities read, how recent a change is: one row."""

    service_label = models.CharField(max_length=120, default="component", help_text="Names a service by its slug.")
    team_label = models.CharField(max_length=120, default="team", help_text="Names a team by its slug.")
    opsgenie_priorities = models.JSONField(
        default=dict, blank=True, validators=[validate_text_map], help_text="Opsgenie's own priorities as severities."
    )
    changes_within = models.DurationField(
        default=timedelta(hours=2),
        validators=[MinValueValidator(timedelta(minutes=1)), MaxValueValidator(timedelta(days=30))],
        help_text="Changes from so long before an incident on are shown beside it: 02:00:00 for 2 hours.",
    )

    history = History()

    class Meta:
        verbose_name_plural = "alert settings"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="alert_settings_are_one_row")]

    def __str__(self) -> str:
        return "Alert settings"
