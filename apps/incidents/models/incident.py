"""The incident, its status, and who is involved in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse

from apps.catalog.models import Service
from apps.core.models import History
from apps.incidents.models.procedures import ProceduresRevision
from apps.incidents.models.severity import Severity
from apps.teams.models import Team, User

if TYPE_CHECKING:
    from collections.abc import Iterable


class Status(models.TextChoices):
    DECLARED = "declared", "Declared"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Identified"
    MONITORING = "monitoring", "Monitoring"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"
    CANCELLED = "cancelled", "Cancelled"
    MERGED = "merged", "Merged"


#: Declared to monitoring: somebody still has something to do.
OPEN = (Status.DECLARED, Status.ACKNOWLEDGED, Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING)
#: Nothing more happens to it.
ENDED = (Status.CLOSED, Status.CANCELLED, Status.MERGED)


class Detection(models.TextChoices):
    MONITORING = "monitoring", "Monitoring alert"
    USER_REPORT = "user_report", "User report"
    INTERNAL = "internal", "Internal identification"


class Incident(models.Model):
    """An unplanned interruption or reduction in quality of a service, from declaration to closure (R1 to R4).

    Its number is its primary key: INC-7. Every change goes through ``incidents.actions``.
    """

    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    severity = models.ForeignKey(Severity, on_delete=models.PROTECT, related_name="incidents")
    status = models.CharField(max_length=16, choices=Status, default=Status.DECLARED)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="incidents")
    services = models.ManyToManyField(Service, related_name="incidents", blank=True)
    detection = models.CharField(max_length=16, choices=Detection, default=Detection.INTERNAL)
    private = models.BooleanField(default=False)
    drill = models.BooleanField(default=False)
    procedures = models.ForeignKey(ProceduresRevision, on_delete=models.PROTECT, related_name="incidents")

    declared_at = models.DateTimeField()
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="declared_incidents"
    )
    response_started_at = models.DateTimeField(
        help_text="Declaration, or the latest reopening: the chain counts from it."
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closure_confirmed_at = models.DateTimeField(null=True, blank=True)
    closure_confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")
    follows = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="followed_by",
        help_text="Came back after.",
    )

    history = History(m2m_fields=[services])

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status__in=[Status.RESOLVED, Status.CLOSED]) | models.Q(resolved_at__isnull=False),
                name="incident_resolved_has_its_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=Status.CLOSED) | models.Q(closed_at__isnull=False),
                name="incident_closed_has_its_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=Status.MERGED) | models.Q(merged_into__isnull=False),
                name="incident_merged_says_into_which",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "-id"], name="incident_team_newest"),
            models.Index(fields=["-id"], condition=models.Q(status__in=OPEN), name="incident_open"),
            GinIndex(fields=["title"], opclasses=["gin_trgm_ops"], name="incident_title_words"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("incident", args=[self.reference])

    @property
    def reference(self) -> str:
        return f"INC-{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def guarding_team_ids(self) -> Iterable[int]:
        return (self.team_id,)

    def is_guarded_private(self) -> bool:
        return self.private

    def involves(self, person: User) -> bool:
        return self.involvements.filter(person=person).exists()


class Involvement(models.Model):
    """Why somebody may see and answer the incident besides its team: a role, a page, a grant; one row a reason."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="involvements")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="involvements")
    reason = models.CharField(max_length=80)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "person", "reason"], name="involvement_once_per_reason")
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.incident}: {self.reason}"
