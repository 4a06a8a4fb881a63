"""Groups that identity providers know, who is in them, and which roles here they give."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from apps.core import clock
from apps.core.models import History
from apps.identity.oidc.configuration import SCIM
from apps.teams.models import ORGANISATION_WIDE, Team, TeamRole, User


class ProviderGroup(models.Model):
    """A group of one identity provider: kept by provisioning, or named here for the claims of sign-ins by it.

    Nobody but its own provider says who is in it: of another one a group of the same name is another group.
    """

    provider = models.CharField(
        max_length=64,
        default=SCIM,
        help_text="Who says who is in it: provisioning, or where people sign in.",
    )
    name = models.CharField(max_length=255, help_text="As the identity provider calls it.")
    external_id = models.CharField(
        "external id", max_length=255, blank=True,
        help_text="How the provider numbers it; Microsoft Entra names groups by this in its claims.",
    )  # fmt: skip

    history = History()

    class Meta:
        verbose_name = "group of an identity provider"
        verbose_name_plural = "groups of identity providers"
        ordering = ["name", "provider"]
        constraints = [
            models.UniqueConstraint(Lower("name"), "provider", name="provider_group_name_once_in_any_case"),
            models.UniqueConstraint(
                fields=["external_id", "provider"],
                condition=~models.Q(external_id=""),
                name="provider_group_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMapping(models.Model):
    """A role that whoever is in the group holds."""

    group = models.ForeignKey(ProviderGroup, on_delete=models.CASCADE, related_name="mappings")
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        related_name="group_mappings",
        null=True,
        blank=True,
        help_text="Empty: the whole organisation (administrators and auditors).",
    )
    role = models.CharField(max_length=16, choices=TeamRole)

    history = History()

    class Meta:
        verbose_name = "role"
        ordering = ["team__name", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "team", "role"], name="group_mapping_once_per_role", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(team__isnull=False) | models.Q(role__in=ORGANISATION_WIDE),
                name="group_mapping_without_team_only_organisation_wide",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.get_role_display()} of {self.team or 'the organisation'}"

    def clean(self) -> None:
        """Raise ValidationError for a role that is not held for the whole organisation, where no team is named."""
        if self.team is None and self.role and self.role not in ORGANISATION_WIDE:
            raise ValidationError({"team": f"A {self.get_role_display().lower()} is one of a team: name it."})


class GroupMember(models.Model):
    """That somebody is in a group, as its provider says.

    ``said_at``: when it said so last. What provisioning says holds until it says otherwise, what a sign-in said for
    ``settings.OIDC_GROUPS_HOLD``.
    """

    group = models.ForeignKey(ProviderGroup, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="provider_groups")
    said_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = "member"
        ordering = ["person__name"]
        constraints = [
            models.UniqueConstraint(fields=["group", "person"], name="group_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.group}"
