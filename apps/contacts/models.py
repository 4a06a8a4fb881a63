"""How people are reached, and whom to reach in an emergency, inside the house and outside (R7, R8)."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import validate_email
from django.db import models

from apps.contacts import phones
from apps.core.models import History


class MethodKind(models.TextChoices):
    EMAIL = "email", "Email"
    SMS = "sms", "Text message"
    VOICE = "voice", "Phone call"
    PAGER = "pager", "Pager (an email address that pages)"
    SLACK = "slack", "Slack"
    PUSH = "push", "Push message"


TELEPHONED = (MethodKind.SMS, MethodKind.VOICE)
MAILED = (MethodKind.EMAIL, MethodKind.PAGER)


class MethodSource(models.TextChoices):
    PROFILE = "profile", "Entered by the person"
    PROCEDURES = "procedures", "From the procedures"


class ContactMethod(models.Model):
    """One way to reach a person. Used for pages once verified and while not disabled, in the order of ``position``."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_methods")
    kind = models.CharField(max_length=16, choices=MethodKind)
    value = models.CharField(max_length=255, help_text="An address, number or handle, kept as written.")
    label = models.CharField(max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=16, choices=MethodSource, default=MethodSource.PROFILE, editable=False)

    history = History()

    class Meta:
        ordering = ["person_id", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "value"],
                name="contact_method_once_per_person",
                violation_error_message="The person already has this contact method.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"

    def clean(self) -> None:
        """Raise ValidationError unless what is mailed has an email address. Numbers are kept as written."""
        if self.kind in MAILED:
            validate_email(self.value)

    @property
    def is_dialable(self) -> bool:
        """Whether the value is a number that a telephone network can reach; True for what is not telephoned."""
        return self.kind not in TELEPHONED or phones.is_dialable(self.value)

    @property
    def is_usable(self) -> bool:
        """Whether a page may be sent to it: verified, not disabled, and a number only if it can be dialled."""
        return self.verified_at is not None and self.disabled_at is None and self.is_dialable


class ContactGroup(models.TextChoices):
    INCIDENT = "incident", "Incident contacts"
    ESCALATION = "escalation", "Escalation contacts"
    EMERGENCY = "emergency", "Emergency contacts"


class EmergencyContact(models.Model):
    """A contact of the procedures, backed by the person who is paged when a role or a level names it (R7, R8)."""

    group = models.CharField(max_length=16, choices=ContactGroup)
    key = models.SlugField(help_text="What roles and levels name it by.")
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=64, blank=True, help_text="Kept as written, dialled or not.")
    pager = models.EmailField(blank=True, help_text="An email address that pages.")
    slack = models.CharField("Slack", max_length=80, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="emergency_contacts",
        help_text="Who backs it and is paged.",
    )
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = History()

    class Meta:
        ordering = ["group", "position", "name"]
        constraints = [models.UniqueConstraint(fields=["group", "key"], name="emergency_contact_once_per_group")]

    def __str__(self) -> str:
        return f"{self.title}: {self.name}" if self.title and self.title != self.name else self.name

    @property
    def has_dialable_phone(self) -> bool:
        """Whether there is a phone number that a telephone network can reach."""
        return phones.is_dialable(self.phone)


class ExternalContact(models.Model):
    """Somebody outside the house who can help: a vendor's support (R8)."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = History()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class PointKind(models.TextChoices):
    URL = "url", "Web page"
    PHONE = "phone", "Phone"
    EMAIL = "email", "Email"


class ExternalContactPoint(models.Model):
    """One way to reach an external contact; ``label`` says what it is for (``priority_support``, ``status_page``)."""

    contact = models.ForeignKey(ExternalContact, on_delete=models.CASCADE, related_name="points")
    label = models.SlugField()
    kind = models.CharField(max_length=16, choices=PointKind)
    value = models.CharField(max_length=500)
    position = models.PositiveSmallIntegerField(default=0)

    history = History()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "label"],
                name="external_contact_point_once_per_label",
                violation_error_message="The contact already has a point of this label.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.value}"

    @property
    def title(self) -> str:
        """The label as a person reads it: ``priority_support`` is "Priority support", ``support_url`` "Support"."""
        return self.label.removesuffix(f"_{self.kind}").replace("_", " ").capitalize()

    @property
    def is_dialable(self) -> bool:
        """Whether the value is a number that a telephone network can reach; True for what is no phone."""
        return self.kind != PointKind.PHONE or phones.is_dialable(self.value)
