"""How labels become severity, service and team: data of the procedures, editable in the admin."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from apps.core.models import History
from apps.incidents.models import Severity

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


class AlertSettings(models.Model):
    """Which labels name the service and the team, and how a sender's own priorities read: one row."""

    service_label = models.CharField(max_length=120, default="component", help_text="Names a service by its slug.")
    team_label = models.CharField(max_length=120, default="team", help_text="Names a team by its slug.")
    opsgenie_priorities = models.JSONField(
        default=dict, blank=True, validators=[validate_text_map], help_text="Opsgenie's own priorities as severities."
    )

    history = History()

    class Meta:
        verbose_name_plural = "alert settings"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="alert_settings_are_one_row")]

    def __str__(self) -> str:
        return "Alert settings"
