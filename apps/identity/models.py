"""What signing in keeps."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from apps.core import clock
from apps.core.models import History
from apps.core.personal import Personal
from apps.identity.groups.models import GroupMapping, GroupMember, ProviderGroup
from apps.identity.scim.models import ProvisionedPerson
from apps.teams.models import Team, TeamRole

__all__ = [
    "GroupMapping",
    "GroupMember",
    "Guesses",
    "Invitation",
    "InvitedRole",
    "ProviderGroup",
    "ProvisionedPerson",
    "Remembered",
]


class Remembered(models.Model):
    """The table of Django's cache: attempts to sign in and codes that were used, for minutes, over all processes.

    In the database, for a limit that each process counts for itself is none, and a broker may lose what it holds.
    The columns are those that ``django.core.cache.backends.db`` asks for; nothing else reads or writes it.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "remembered"

    def __str__(self) -> str:
        return self.cache_key


class Guesses(models.Model):
    """How many passwords were wrong for an account, from wherever, in the hour that began with the first of them."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    began_at = models.DateTimeField()
    wrong = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField(null=True, blank=True, help_text="When its person was told that there are too many.")

    class Meta:
        verbose_name_plural = "guesses"

    def __str__(self) -> str:
        return f"{self.wrong} wrong passwords for {self.person}"


class Invitation(models.Model):
    """Somebody was asked by mail to join, in the roles below it. Its link works once, until it expires or is ended."""

    email = models.EmailField()
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was used, or taken back.")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who used it; nobody while it is pending, and if it was taken back.",
    )  # fmt: skip

    history = History(personal=Personal(("email",), of="id", kind="invitation"))

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "invited_by",
                condition=models.Q(ended_at__isnull=True),
                name="invitation_one_open_per_address_and_host",
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) | models.Q(ended_at__isnull=False),
                name="invitation_used_is_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.email}"

    @property
    def is_open(self) -> bool:
        """Whether its link still works."""
        return self.ended_at is None and clock.now() < self.expires_at


class InvitedRole(models.Model):
    """A role that an invitation brings along; without a team it is held for the whole organisation."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="roles")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=16, choices=TeamRole)

    history = History()

    class Meta:
        ordering = ["team__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation", "team", "role"], name="invited_role_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.team or 'the organisation'}"
