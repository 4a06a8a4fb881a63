"""How people are reached, and whom to reach in an emergency, inside the house and outside (R7, R8)."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import models, transaction

from apps.contacts import phones
from apps.core.encrypted import EncryptedJSON, EncryptedText
from apps.core.encryption import concealed, is_concealed
from apps.core.models import History
from apps.core.names import NameField
from apps.core.personal import Personal
from apps.teams.models import Team


class MethodKind(models.TextChoices):
    EMAIL = "email", "Email"
    SMS = "sms", "Text message"
    VOICE = "voice", "Phone call"
    PAGER = "pager", "Pager (an email address that pages)"
    SLACK = "slack", "Slack"
    PUSH = "push", "Push message"
    WEBHOOK = "webhook", "Webhook"


TELEPHONED = (MethodKind.SMS, MethodKind.VOICE)
MAILED = (MethodKind.EMAIL, MethodKind.PAGER)
#: Whoever knows such an address can post there: it is kept encrypted.
POSTED = (MethodKind.WEBHOOK, MethodKind.PUSH)


def normalise(kind: str, value: str) -> str:
    """The value as its network writes it, by which an answer from there is matched: E.164, lower case, as it is."""
    if kind in TELEPHONED:
        return phones.e164(value) or value.strip()
    return value.strip().lower() if kind in (*MAILED, MethodKind.SLACK) else value.strip()


class MethodSource(models.TextChoices):
    PROFILE = "profile", "Entered by the person"
    PROCEDURES = "procedures", "From the procedures"
    ENDPOINT = "endpoint", "Of a webhook endpoint"


class ContactMethod(models.Model):
    """One way to reach a person. Used for pages once verified and while not disabled, in the order of ``position``."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_methods")
    kind = models.CharField(max_length=16, choices=MethodKind)
    value = models.CharField(max_length=500, help_text="An address, number or handle, kept as written.")
    normalised = models.CharField(
        max_length=500, default="", editable=False, help_text="The value as its network writes it, such as E.164."
    )
    address = EncryptedText(
        max_length=500, blank=True, default="", editable=False,
        help_text="Where it is posted to, of a webhook and a push device: the value then only tells it from others.",
    )  # fmt: skip
    details: models.Field[dict[str, Any], dict[str, Any]] = EncryptedJSON(
        default=dict, blank=True, editable=False, help_text="What else is needed to send: the keys of a push device."
    )
    label = NameField(max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=255, blank=True)
    opted_out_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since the receiver answered STOP; START ends it."
    )
    failures = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Permanent failures in a row; at the third it is disabled."
    )
    source = models.CharField(max_length=16, choices=MethodSource, default=MethodSource.PROFILE, editable=False)

    history = History(
        personal=Personal(("value", "normalised", "details", "label"), of="person_id", objects=("details",), own=True),
        excluded_fields=["address"],
    )

    class Meta:
        ordering = ["person_id", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "value"],
                name="contact_method_once_per_person",
                violation_error_message="The person already has this contact method.",
            )
        ]
        indexes = [models.Index(fields=["normalised"], name="contact_method_normalised")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.shown}"

    def save(self, *args: Any, **options: Any) -> None:
        """Keep what is known of the address in step with it: another one is verified anew, and may have been stopped.

        However it was written: the same address stays verified. Costs a query where the address is new or may be.
        """
        self._conceal()
        self.normalised = normalise(self.kind, self.value)
        fields = options.get("update_fields")
        changed: tuple[str, ...] = ()
        stood = not self._state.adding
        if fields is None or {"kind", "value"} & set(fields):
            changed = self._know_the_address()
            if fields is not None:
                options["update_fields"] = {*fields, "address", "normalised", *changed}
        with transaction.atomic(savepoint=False):
            super().save(*args, **options)
            if stood and changed:  # the code that is waited for went to the address before
                Verification.objects.filter(method=self.pk).delete()

    def _conceal(self) -> None:
        """Keep the address of what is posted to apart from the value, which from then on only stands for it."""
        if self.kind not in POSTED:
            self.address = ""
        elif not is_concealed(self.value):
            self.address, self.value = self.value.strip(), concealed(self.value.strip())

    def _stands_for_what_it_did(self) -> bool:
        return ContactMethod.objects.filter(pk=self.pk, kind=self.kind, value=self.value).exists()

    def _know_the_address(self) -> tuple[str, ...]:
        """Forget what was known of an address that is no longer this one's; return the names of what that changed."""
        if not self._state.adding:
            stored = ContactMethod.objects.filter(pk=self.pk).values_list("kind", "normalised").first()
            if stored == (self.kind, self.normalised):
                return ()
            if stored is not None:
                self.verified_at = self.disabled_at = self.opted_out_at = None
                self.disabled_reason, self.failures = "", 0
        if self.kind == MethodKind.SMS:
            stop = StoppedNumber.objects.filter(number=self.normalised).first()
            self.opted_out_at = stop.at if stop else self.opted_out_at
        return ("verified_at", "disabled_at", "disabled_reason", "failures", "opted_out_at")

    def clean(self) -> None:
        """Raise ValidationError unless what is mailed has an email address, and what is posted to a web address.

        Numbers are kept as written. What stands for an address is none, but where it stood already.
        """
        if self.kind in MAILED:
            validate_email(self.value)
        if self.kind not in POSTED:
            return
        if not is_concealed(self.value):
            URLValidator(schemes=("http", "https"))(self.value)
            self._conceal()
        elif not self.address or (self.pk and not self._stands_for_what_it_did()):
            raise ValidationError({"value": "Enter the whole address."})

    @property
    def destination(self) -> str:
        """Where what is sent to it goes: never shown of what is posted to."""
        return str(self.address) if self.kind in POSTED else self.value

    @property
    def shown(self) -> str:
        """What a person knows the method by: a push device's address says nothing, its label does."""
        return self.label or "this device" if self.kind == MethodKind.PUSH else self.value

    @property
    def is_dialable(self) -> bool:
        """Whether the value is a number that a telephone network can reach; True for what is not telephoned."""
        return self.kind not in TELEPHONED or phones.is_dialable(self.value)

    @property
    def is_usable(self) -> bool:
        """Whether a page may be sent to it: verified, not disabled, not opted out of, a number only if dialable."""
        return (
            self.verified_at is not None and self.disabled_at is None and self.opted_out_at is None and self.is_dialable
        )


class StoppedNumber(models.Model):
    """A number whose receiver answered STOP: no text message is sent there until START, whoever enters it again."""

    number = models.CharField(max_length=500, unique=True, help_text="As the network writes it (E.164).")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number


class Verification(models.Model):
    """The code that was sent to a contact method, to be told back by its person. The code itself is not stored."""

    method = models.OneToOneField(ContactMethod, on_delete=models.CASCADE, related_name="verification")
    nonce = models.UUIDField(default=uuid.uuid4, help_text="What the code is derived from; new with each code.")
    requested_at = models.DateTimeField()
    requests = models.PositiveSmallIntegerField(default=0, help_text="Codes asked for since the hour began.")
    hour_began_at = models.DateTimeField()
    wrong = models.PositiveSmallIntegerField(default=0, help_text="Wrong codes told since the last one was sent.")
    failure = models.CharField(max_length=255, blank=True, help_text="Why the code could not be sent.")

    def __str__(self) -> str:
        return f"Code for {self.method}"


class ContactGroup(models.TextChoices):
    INCIDENT = "incident", "Incident contacts"
    ESCALATION = "escalation", "Escalation contacts"
    EMERGENCY = "emergency", "Emergency contacts"


class EmergencyContact(models.Model):
    """A contact of the procedures, backed by the person who is paged when a role or a level names it (R7, R8)."""

    group = models.CharField(max_length=16, choices=ContactGroup)
    key = models.SlugField(help_text="What roles and levels name it by.")
    name = NameField(max_length=120)
    title = NameField(max_length=120, blank=True)
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

    history = History(personal=Personal(("name", "email", "phone", "pager", "slack"), of="person_id"))

    class Meta:
        ordering = ["group", "position", "name"]
        constraints = [models.UniqueConstraint(fields=["group", "key"], name="emergency_contact_once_per_group")]

    def __str__(self) -> str:
        return f"{self.title}: {self.name}" if self.title and self.title != self.name else self.name

    @property
    def has_dialable_phone(self) -> bool:
        """Whether there is a phone number that a telephone network can reach."""
        return phones.is_dialable(self.phone)


class WebhookEndpoint(models.Model):
    """An address that a level of a chain posts to, backed by a person who does not sign in, like every receiver."""

    slug = models.SlugField(unique=True)
    name = NameField(max_length=120)
    url = EncryptedText("address", max_length=500, validators=[URLValidator()])
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="webhook_endpoints",
        help_text="Whose it is; empty: the organisation's.",
    )  # fmt: skip
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, editable=False, related_name="webhook_endpoint"
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = History()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ExternalContact(models.Model):
    """Somebody outside the house who can help: a vendor's support (R8)."""

    key = models.SlugField(unique=True)
    name = NameField(max_length=120)
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
