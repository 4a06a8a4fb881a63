"""Health checks: how one sees from outside whether a service works, and what was seen (R16)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.catalog.health import rules
from apps.catalog.models.services import Service
from apps.core.models import History
from apps.core.names import NameField
from apps.teams.models import User

#: Nobody is looked at more often than this, and nothing that is looked at less often is watched.
SHORTEST, LONGEST = timedelta(seconds=10), timedelta(days=1)
#: A look ends well before the engine takes its timer for lost.
LONGEST_TIMEOUT = timedelta(seconds=20)


class CheckKind(models.TextChoices):
    HTTP = "http", "HTTP"
    TCP = "tcp", "TCP connection"
    PROMETHEUS = "prometheus", "Prometheus query"


class Method(models.TextChoices):
    GET = "GET", "GET"
    HEAD = "HEAD", "HEAD"


class Comparison(models.TextChoices):
    BELOW = "<", "below"
    AT_MOST = "<=", "at most"
    EQUAL = "==", "equal to"
    AT_LEAST = ">=", "at least"
    ABOVE = ">", "above"
    OTHER = "!=", "other than"


class Outcome(models.TextChoices):
    GOOD = "good", "Works"
    BAD = "bad", "Does not work"


def finite(number: float) -> None:
    """Raise ValidationError for what is no number that can be written down."""
    if not math.isfinite(number):
        raise ValidationError("Enter a number.")


class HealthCheck(models.Model):
    """One way to see whether a service works. Switched off instead of deleted: what it saw refers to it.

    Everybody is asked without credentials, and may only be where the house may connect to (``core.outbound``).
    """

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="health_checks")
    name = NameField(max_length=120)
    kind = models.CharField(max_length=16, choices=CheckKind)
    target = models.CharField(
        max_length=1000,
        help_text="HTTP: the address of a page. TCP: host:port. Prometheus: its address, such as https://prometheus:9090",
    )
    method = models.CharField(max_length=4, choices=Method, default=Method.GET, help_text="Of HTTP.")
    expected_status = models.PositiveSmallIntegerField(
        default=200, validators=[MinValueValidator(100), MaxValueValidator(599)], help_text="Of HTTP."
    )
    expected_text = models.CharField(
        max_length=200, blank=True, help_text="Of HTTP: stands somewhere in what is answered."
    )
    query = models.CharField(max_length=2000, blank=True, help_text="Of Prometheus: PromQL that gives numbers.")
    comparison = models.CharField(
        max_length=2, choices=Comparison, default=Comparison.AT_LEAST, help_text="Of Prometheus: what each number is."
    )
    threshold = models.FloatField(default=1, validators=[finite], help_text="Of Prometheus: compared with what.")
    every = models.DurationField(default=timedelta(minutes=1), help_text="So often it is looked at, such as 00:01:00.")
    timeout = models.DurationField(default=timedelta(seconds=5), help_text="By then it has answered, such as 00:00:05.")
    alerts_after = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="So many looks in a row that fail are an alert of the service; empty: none is.",
    )  # fmt: skip
    severity = models.CharField(
        max_length=16, blank=True, help_text="Of the alert, as an alert's label says it: critical, P1, warning."
    )
    is_active = models.BooleanField(default=True, help_text="Switch off instead of deleting.")

    history = History()

    class Meta:
        ordering = ["service__name", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "name"], name="health_check_name_once_per_service",
                violation_error_message="The service already has a check of this name.",
            ),
            models.CheckConstraint(
                condition=models.Q(every__gte=SHORTEST, every__lte=LONGEST), name="health_check_every_10_s_to_day",
                violation_error_message="A check is looked at every 10 seconds to every day.",
            ),
            models.CheckConstraint(
                condition=models.Q(timeout__gt=timedelta(0), timeout__lte=LONGEST_TIMEOUT),
                name="health_check_timeout_20_s_at_most",
                violation_error_message="It answers within 20 seconds at most.",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=CheckKind.PROMETHEUS, query=""), name="health_check_prometheus_has_query",
                violation_error_message="A check of Prometheus has a query.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.service}: {self.name}"

    def clean(self) -> None:
        """Raise ValidationError for a target that its kind cannot ask."""
        super().clean()
        fault = rules.fault_of_endpoint(self.target) if self.kind == CheckKind.TCP else rules.fault_of_url(self.target)
        if fault:
            raise ValidationError({"target": fault})

    @property
    def host(self) -> str:
        """Whom it asks."""
        return rules.endpoint(self.target)[0] if self.kind == CheckKind.TCP else rules.host_of_url(self.target)

    @property
    def seen(self) -> HealthState | None:
        """What it saw last; None before its first look."""
        return getattr(self, "state", None)

    def guarding_team_ids(self) -> Iterable[int]:
        return (self.service.team_id,)

    def is_guarded_private(self) -> bool:
        return False

    def involves(self, person: User) -> bool:
        return False


class HealthState(models.Model):
    """What a check saw last, and for how long it has seen the same. Written under a lock of the check's row.

    ``kept_at``: when the last result was written that is kept. ``alerting``: it failed so often that it is an alert.
    """

    check_of = models.OneToOneField(HealthCheck, on_delete=models.CASCADE, related_name="state")
    outcome = models.CharField(max_length=8, choices=Outcome)
    since = models.DateTimeField()
    at = models.DateTimeField()
    took = models.DurationField()
    words = models.CharField(max_length=300)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    alerting = models.BooleanField(default=False)
    kept_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.check_of}: {self.get_outcome_display()}"


class HealthResult(models.Model):
    """What a check saw at one time. Of looks that see the same some are kept (``rules.is_kept``), written once."""

    check_of = models.ForeignKey(HealthCheck, on_delete=models.CASCADE, related_name="results")
    at = models.DateTimeField(db_index=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    took = models.DurationField()
    words = models.CharField(max_length=300)
    asked = models.BooleanField(default=False, help_text="Somebody asked for it; else it was time for it.")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["check_of", "-at"], name="health_result_of_check")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} at {self.at:%Y-%m-%d %H:%M}: {self.words}"
