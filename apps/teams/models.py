"""People, teams, who belongs where in which role, and the tokens that act for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models.functions import Lower
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from apps.core import clock
from apps.core.business_calendar import WEEKDAYS, WorkingWeek, free_days
from apps.core.errors import Invalid
from apps.core.models import History
from apps.core.names import NameField
from apps.core.personal import Personal
from apps.core.zones import can_be_chosen
from apps.teams import triggers
from apps.teams.triggers import MOST_LEVELS


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless ``name`` is a zone of the IANA database."""
    if not can_be_chosen(name):
        raise ValidationError("%(name)s is not an IANA time zone such as Europe/Berlin.", params={"name": name})


def validate_holidays(place: str) -> None:
    """Raise ValidationError unless the public holidays of ``place`` (``core.business_calendar``) are known."""
    try:
        free_days(place)
    except Invalid as error:
        raise ValidationError(str(error)) from error


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person; without a password they can be paged but not sign in."""
        if not email:
            raise ValueError("A person needs an email address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an administrator of the whole installation."""
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class UserKind(models.TextChoices):
    PERSON = "person", "Person"
    SERVICE = "service", "Service account"


class User(AbstractBaseUser, PermissionsMixin):
    """A person: signs in, is on call, is paged. Deactivated when they leave, never deleted (the record names them).

    Or a service account, for whom tokens act: it holds roles like a person, and never signs in nor is paged.
    """

    email = models.EmailField(unique=True)
    name = NameField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    holidays_of = models.CharField(
        "public holidays of", max_length=8, blank=True, validators=[validate_holidays],
        help_text="A country such as DE, or a part of it such as DE-BY; shown where the person is on call.",
    )  # fmt: skip
    is_staff = models.BooleanField("may enter the admin", default=False, help_text="Follows from their roles.")
    is_active = models.BooleanField(default=True, help_text="Switch off instead of deleting.")
    date_joined = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=16, choices=UserKind, default=UserKind.PERSON, editable=False)
    kept_by = models.ForeignKey(
        "Team", on_delete=models.PROTECT, null=True, blank=True, related_name="service_accounts", editable=False,
        help_text="Whose managers keep the service account; empty: the administrators.",
    )  # fmt: skip

    passes_ended_at = models.DateTimeField(
        null=True, blank=True, editable=False,
        help_text="What was given out before to open pages without signing in opens none any more.",
    )  # fmt: skip

    objects = UserManager()
    history = History(
        excluded_fields=["password", "last_login", "passes_ended_at"], personal=Personal(("email", "name"), of="id")
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ["name", "email"]
        triggers = [triggers.STAYS_ADMINISTRATED_BY_PEOPLE, triggers.STAYS_ERASED]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once_in_any_case",
                violation_error_message="Somebody has this address already.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=UserKind.PERSON)
                | models.Q(password__startswith=UNUSABLE_PASSWORD_PREFIX, is_staff=False, is_superuser=False),
                name="user_service_account_never_signs_in",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=UserKind.SERVICE) | models.Q(kept_by__isnull=True),
                name="user_person_is_kept_by_nobody",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_service_account(self) -> bool:
        return self.kind == UserKind.SERVICE

    def get_full_name(self) -> str:
        return str(self)


class Team(models.Model):
    """Who owns services and answers for them."""

    slug = models.SlugField(unique=True)
    name = NameField(max_length=120)
    description = models.TextField(blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children",
        help_text="The team above it, whose managers keep this team's rosters, services and policies too.",
    )  # fmt: skip
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    working_days = ArrayField(
        models.CharField(max_length=3, choices=[(day, day.title()) for day in WEEKDAYS]), null=True, blank=True,
        help_text="mon,tue,wed,thu,fri; empty: those of the procedures' business calendar.",
    )  # fmt: skip
    work_begins = models.TimeField(null=True, blank=True, help_text="Local time; empty: as in the procedures.")
    work_ends = models.TimeField(null=True, blank=True, help_text="Local time; empty: as in the procedures.")
    holidays_of = models.CharField(
        max_length=8,
        blank=True,
        help_text="The country whose holidays are free, for example DE; empty: as in the procedures.",
    )
    is_active = models.BooleanField(default=True)

    history = History()

    class Meta:
        ordering = ["name"]
        permissions = [
            ("respond_team", "Can respond to the team's incidents"),
            ("command_team", "Can command the team's incidents"),
            ("manage_team", "Can manage the team's rosters, contacts and policies"),
        ]
        triggers = [triggers.LEVELS]

    def __str__(self) -> str:
        return self.name

    def above(self) -> list[Team]:
        """The teams above it, the nearest first; a query each."""
        found: list[Team] = []
        team = self.parent
        while team is not None and len(found) < MOST_LEVELS:
            found.append(team)
            team = team.parent
        return found

    def below(self) -> list[Team]:
        """All teams below it, the nearest first; a query for each level."""
        return [team for level in self._levels_below() for team in level]

    def clean(self) -> None:
        """Raise ValidationError for working hours or holidays that cannot be, and for a parent that it cannot have."""
        self._check_parent()
        try:
            self.calendar({})
        except Invalid as error:
            raise ValidationError({_CALENDAR_FIELDS.get(error.field, NON_FIELD_ERRORS): str(error)}) from error

    def _check_parent(self) -> None:
        above = [self.parent, *self.parent.above()] if self.parent is not None else []
        if self in above:
            raise ValidationError({"parent": f"{self.parent} is {self} itself, or stands below it."})
        if above and len(above) + 1 + len(list(self._levels_below())) > MOST_LEVELS:
            raise ValidationError({"parent": f"At most {MOST_LEVELS} teams stand one below the other."})

    def _levels_below(self) -> Iterator[list[Team]]:
        level = list(self.children.all()) if self.pk else []
        while level:
            yield level
            level = list(Team.objects.filter(parent__in=level))

    def calendar(self, default: Mapping[str, Any]) -> WorkingWeek:
        """When the team works, by its own clock; what it does not say is as in ``default`` (``WorkingWeek.read``)."""
        own = {
            "days": self.working_days,
            "start": f"{self.work_begins:%H:%M}" if self.work_begins else None,
            "end": f"{self.work_ends:%H:%M}" if self.work_ends else None,
            "holidays": self.holidays_of or None,
        }
        said = {name: value for name, value in own.items() if value}
        return WorkingWeek.read({**default, **said, "time_zone": self.time_zone})


_CALENDAR_FIELDS = {
    "days": "working_days",
    "start": "work_begins",
    "end": "work_ends",
    "holidays": "holidays_of",
    "time_zone": "time_zone",
}


class TeamRole(models.TextChoices):
    ADMIN = "admin", "Administrator"
    MANAGER = "manager", "Manager"
    COMMANDER = "commander", "Commander"
    RESPONDER = "responder", "Responder"
    STAKEHOLDER = "stakeholder", "Stakeholder"
    AUDITOR = "auditor", "Auditor"


#: Roles that are held for the whole organisation as well as for a team.
ORGANISATION_WIDE = (TeamRole.ADMIN, TeamRole.AUDITOR)


class MembershipSource(models.TextChoices):
    """Who gave a role: what a mapping of groups gave it takes back, what somebody gave by hand stays."""

    HAND = "hand", "By hand"
    MAPPING = "mapping", "By a group of the identity provider"


class Membership(models.Model):
    """A person's role in a team: the truth from which all grants are derived (``teams.access``)."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        related_name="memberships",
        null=True,
        blank=True,
        help_text="Empty: the whole organisation (administrators and auditors).",
    )
    role = models.CharField(max_length=16, choices=TeamRole)
    source = models.CharField(
        "given", max_length=16, choices=MembershipSource, default=MembershipSource.HAND, editable=False
    )

    history = History()

    class Meta:
        ordering = ["team__name", "person__name"]
        triggers = [triggers.STAYS_ADMINISTRATED_BY_MEMBERS]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "team", "role"], name="membership_once_per_role", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(team__isnull=False) | models.Q(role__in=ORGANISATION_WIDE),
                name="membership_without_team_only_organisation_wide",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()} of {self.team or 'the organisation'}"


class TeamUserObjectPermission(UserObjectPermissionBase):
    """Direct grants on a team, with real foreign keys."""

    content_object = models.ForeignKey(Team, on_delete=models.CASCADE)


class TeamGroupObjectPermission(GroupObjectPermissionBase):
    """Grants of a team's role groups on the team, derived from memberships."""

    content_object = models.ForeignKey(Team, on_delete=models.CASCADE)


class Scope(models.TextChoices):
    READ = "read", "Read"
    RESPOND = "respond", "Respond (and read)"
    MANAGE = "manage", "Manage (respond and read)"
    INGEST = "ingest", "Send alerts only"
    PROVISION = "provision", "Provision people and groups only"


class ApiToken(models.Model):
    """A token that acts for a person or a service account, stored as a hash: it is shown once, when it is made."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = NameField(max_length=120)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(max_length=16, choices=Scope, default=Scope.RESPOND)
    team_ids = ArrayField(
        models.BigIntegerField(), null=True, blank=True, editable=False,
        help_text="The teams it is limited to; null: all of its person's. One whose teams are gone reaches none.",
    )  # fmt: skip
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by", editable=False
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)
    known_addresses = ArrayField(
        models.GenericIPAddressField(), default=list, editable=False, help_text="From where it was used, newest last."
    )

    reminded_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When its end was told.")

    history = History(excluded_fields=["digest", "last_used_at", "last_used_from", "known_addresses", "reminded_at"])

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.person})"

    def is_live(self, at: datetime) -> bool:
        """Whether it works at that instant, as far as it depends on itself: its person may be deactivated."""
        return self.revoked_at is None and at < self.expires_at
