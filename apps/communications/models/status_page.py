"""What everybody reads: the components of the status page, and the incidents that were published there (R25)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import pgtrigger
from django.conf import settings
from django.db import models

from apps.catalog.models import Service
from apps.communications.models.messages import Update
from apps.core.models import AppendOnly, History
from apps.core.names import NameField
from apps.incidents.models import Incident
from apps.teams.models import User

LONGEST_NAME = 200


def new_code() -> str:
    """What a thing is called in public addresses: nothing can be counted or guessed from it."""
    return secrets.token_hex(6)


class ComponentStatus(models.TextChoices):
    OPERATIONAL = "operational", "Operational"
    MAINTENANCE = "under_maintenance", "Under maintenance"
    DEGRADED = "degraded_performance", "Degraded performance"
    PARTIAL = "partial_outage", "Partial outage"
    MAJOR = "major_outage", "Major outage"


class PublicStatus(models.TextChoices):
    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Identified"
    MONITORING = "monitoring", "Monitoring"
    RESOLVED = "resolved", "Resolved"


class PublicImpact(models.TextChoices):
    NONE = "none", "None"
    MINOR = "minor", "Minor"
    MAJOR = "major", "Major"
    CRITICAL = "critical", "Critical"


class Component(models.Model):
    """A service as customers know it. Taken off the page instead of deleted: what was published refers to it."""

    service = models.OneToOneField(Service, on_delete=models.PROTECT, related_name="component")
    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    name = NameField(max_length=120, help_text="As customers call it.")
    description = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Those with a lower number come first.")
    is_shown = models.BooleanField("on the status page", default=True)

    history = History()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


#: Nothing of a private incident or a drill gets out, whichever way it is written.
_REFUSE = """
    IF EXISTS (SELECT FROM incidents_incident i WHERE i.id = {incident} AND (i.private OR i.drill)) THEN
        RAISE EXCEPTION 'A private incident or a drill is never published.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
OF_PUBLICATION = "(SELECT p.incident_id FROM communications_publication p WHERE p.id = NEW.publication_id)"


def never_private(incident: str, *, when: str = "") -> pgtrigger.Trigger:
    """Refuses rows about the ``incident``, an expression, that is private or a drill; of all rows or those ``when``."""
    return pgtrigger.Trigger(
        name="never_private",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        condition=pgtrigger.Condition(when) if when else None,
        func=_REFUSE.format(incident=incident),
    )


class Publication(models.Model):
    """An incident as everybody may read of it, under a name of its own. What is taken off stays off."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="publication")
    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    name = NameField(max_length=LONGEST_NAME)
    status = models.CharField(max_length=16, choices=PublicStatus)
    impact = models.CharField(max_length=16, choices=PublicImpact)
    published_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    taken_off_at = models.DateTimeField(null=True)
    taken_off_reason = models.CharField(max_length=300, blank=True)

    history = History()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status=PublicStatus.RESOLVED, resolved_at__isnull=False)
                | (~models.Q(status=PublicStatus.RESOLVED) & models.Q(resolved_at=None)),
                name="publication_resolved_has_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_off_at=None) | ~models.Q(taken_off_reason=""),
                name="publication_taken_off_says_why",
            ),
        ]
        indexes = [models.Index(fields=["resolved_at"], name="publication_by_its_end")]
        triggers = [never_private("NEW.incident_id", when="NEW.taken_off_at IS NULL")]

    def __str__(self) -> str:
        return self.name

    def guarding_team_ids(self) -> Iterable[int]:
        return self.incident.guarding_team_ids()

    def is_guarded_private(self) -> bool:
        return self.incident.private

    def involves(self, person: User) -> bool:
        return self.incident.involves(person)


class PublicUpdate(AppendOnly):
    """What was published at once: the words of an update for customers, and how things stood from then on.

    ``components``: the status of each that the incident affects, by the component's id.
    """

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="updates")
    update = models.OneToOneField(Update, on_delete=models.PROTECT, related_name="published")
    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    name = NameField(max_length=LONGEST_NAME)
    status = models.CharField(max_length=16, choices=PublicStatus)
    impact = models.CharField(max_length=16, choices=PublicImpact)
    components = models.JSONField(default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        help_text="Who published it; empty: the house itself.",
    )  # fmt: skip
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        ordering = ["pk"]
        triggers = [*AppendOnly.Meta.triggers, never_private(OF_PUBLICATION)]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_status_display()} at {self.at:%Y-%m-%d %H:%M}"
