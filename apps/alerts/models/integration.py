"""Integrations: who may send alerts, in which format, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from apps.catalog.models import Service
from apps.core import clock
from apps.core.encrypted import EncryptedText
from apps.core.models import History
from apps.core.names import NameField
from apps.teams.models import Team, User


class Format(models.TextChoices):
    ALERTMANAGER = "alertmanager", "Prometheus Alertmanager"
    GRAFANA = "grafana", "Grafana alerting"
    PAGERDUTY = "pagerduty", "PagerDuty Events API v2"
    OPSGENIE = "opsgenie", "Opsgenie Alert API"
    GENERIC = "generic", "Generic JSON"
    HEARTBEAT = "heartbeat", "Heartbeat"
    GITHUB = "github", "GitHub webhook (changes)"
    CHANGES = "changes", "Changes as generic JSON"


class Integration(models.Model):
    """A sender of alerts or changes with a key of its own. Switched off instead of deleted: its alerts refer to it.

    Only the key's SHA-256 is stored: the key itself is shown once, when it is made or rotated.
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="integrations")
    name = NameField(max_length=120)
    format = models.CharField(max_length=32, choices=Format)
    service = models.ForeignKey(
        Service,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="integrations",
        help_text="What its alerts are about when they name no known service.",
    )
    acknowledges = models.BooleanField(
        "acknowledges incidents",
        default=False,
        help_text="PagerDuty and Opsgenie: an alert that is acknowledged there is an acknowledged incident here, and "
        "nobody further is paged for it. Otherwise it is a note on the timeline.",
    )
    secret = EncryptedText(
        blank=True,
        max_length=255,
        help_text="GitHub: the webhook's secret. With one, whatever is not signed with it is refused.",
    )
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    key_hint = models.CharField("key", max_length=16, editable=False, help_text="How the key begins.")
    tells_of_health = models.BooleanField(
        default=False, editable=False, help_text="It stands for the health checks of its team; nobody else posts by it."
    )
    is_active = models.BooleanField(default=True, help_text="Switched off, its key is unknown (404).")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    history = History(excluded_fields=["key_digest"])

    class Meta:
        ordering = ["team__name", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"],
                name="integration_name_once_per_team",
                violation_error_message="The team already has an integration of this name.",
            ),
            models.UniqueConstraint(
                fields=["team"],
                condition=models.Q(tells_of_health=True),
                name="integration_of_health_checks_once_per_team",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError for a secret that nothing would be checked against."""
        super().clean()
        if self.secret and self.format != Format.GITHUB:
            raise ValidationError({"secret": "Only what GitHub sends is signed with a secret."})

    def guarding_team_ids(self) -> Iterable[int]:
        return (self.team_id,)

    def is_guarded_private(self) -> bool:
        return False

    def involves(self, person: User) -> bool:
        return False
