"""Response roles, who may fill them, and who fills them in an incident (R5, R6)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.contacts.models import EmergencyContact
from apps.core import clock
from apps.core.models import History
from apps.core.names import NameField
from apps.incidents.models.incident import Incident
from apps.rosters.models import Roster
from apps.teams.models import Team


class ResponseRole(models.Model):
    """A role of the response team: commander, technical lead, communications lead (R5)."""

    key = models.SlugField(unique=True)
    name = NameField(max_length=80)
    responsibilities = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField()
    backup_after = models.CharField(
        max_length=20,
        help_text="When the backup is paged, after declaration: 5m, or response/3 of the severity's time.",
    )

    history = History()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class RoleCandidate(models.Model):
    """Who fills a role: the first is its primary, the next its backup. A title alone waits for somebody to be named."""

    role = models.ForeignKey(ResponseRole, on_delete=models.CASCADE, related_name="candidates")
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="role_candidates",
        help_text="Empty: for every team that names no candidates of its own.",
    )  # fmt: skip
    position = models.PositiveSmallIntegerField(help_text="1 is the primary, 2 the backup.")
    title = NameField(max_length=120, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="role_candidacies"
    )
    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, null=True, blank=True, related_name="role_candidacies")
    contact = models.ForeignKey(
        EmergencyContact, on_delete=models.PROTECT, null=True, blank=True, related_name="role_candidacies"
    )

    history = History()

    class Meta:
        ordering = ["role__position", "team_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["role", "team", "position"], name="role_candidate_once_per_position", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}, {self.position}: {self.person or self.roster or self.contact or self.title}"


class Expert(models.Model):
    """A subject matter expert: whom to ask about a field (R5)."""

    key = models.SlugField(unique=True)
    field = models.CharField(max_length=120)
    title = NameField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="expertise"
    )

    history = History()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.field}: {self.title}"


class RoleInvitation(models.Model):
    """Who was asked to take a role in an incident, and when."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="role_invitations")
    role = models.ForeignKey(ResponseRole, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="role_invitations")
    position = models.PositiveSmallIntegerField()
    invited_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["role__position", "position"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "role", "person"], name="role_invitation_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.incident} {self.role}: {self.person} invited"


class RoleAssignment(models.Model):
    """Who held a role of an incident, from when until when."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="role_assignments")
    role = models.ForeignKey(ResponseRole, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="role_assignments")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    history = History()

    class Meta:
        ordering = ["role__position", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"], condition=models.Q(until__isnull=True), name="role_one_holder_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident} {self.role}: {self.person}"
