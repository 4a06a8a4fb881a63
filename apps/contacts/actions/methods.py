"""Writes of contact methods: how a person is reached, and what takes a method out of use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.contacts import queries
from apps.contacts.models import ContactMethod, MethodKind, StoppedNumber, normalise
from apps.core import clock, events
from apps.core.errors import NotAllowed, RuleViolation
from apps.core.history import made_by
from apps.teams import access
from apps.teams.models import User

#: A method was taken out of use because nothing arrives by it; the subject is the method.
METHOD_DISABLED = "contacts.method_disabled"
#: No text message is sent to a method any more because its receiver answered STOP; the subject is the method.
METHOD_STOPPED = "contacts.method_stopped"
#: A person proved that they are reached by a method for the first time; the subject is the method.
METHOD_PROVEN = "contacts.method_proven"
#: A method that was proven is gone; the subject is the method, which has no row any more.
METHOD_REMOVED = "contacts.method_removed"
#: Two methods lead to the same address and become one; the subject is a Joined.
METHODS_JOINED = "contacts.methods_joined"
#: So many permanent failures in a row take a method out of use.
FAILURES_ALLOWED = 3
#: So many methods a person adds for themselves within an hour.
ADDED_AN_HOUR = 12


@dataclass(frozen=True, slots=True)
class Joined:
    """``gone`` has no row from then on; what named it is to name ``into``."""

    gone: ContactMethod
    into: ContactMethod


@transaction.atomic
def add_method(
    person: User, *, kind: MethodKind, value: str, by: User, label: str = "", details: dict[str, Any] | None = None
) -> ContactMethod:
    """Add a way to reach ``person``, last in order and not yet verified.

    Raises NotAllowed unless ``by`` is the person or an administrator, ValidationError if it is there already or
    no email address or web address where one is needed, RuleViolation after ADDED_AN_HOUR of one's own: removing and
    adding again is no way around the limits of codes.
    """
    require_self_or_administrator(person, by)
    User.objects.select_for_update(no_key=True).values_list("pk").get(pk=person.pk)
    if person == by and _added_lately(person) >= ADDED_AN_HOUR:
        raise RuleViolation("Too many contact methods were added; try again in an hour.")
    last = ContactMethod.objects.filter(person=person).order_by("position").last()
    method = ContactMethod(
        person=person,
        kind=kind,
        value=value.strip(),
        label=label,
        details=details or {},
        position=last.position + 1 if last else 0,
    )
    method.full_clean(exclude=["normalised"])
    same = ContactMethod.objects.filter(person=person, kind=kind, normalised=normalise(kind, method.value))
    if same.exists():
        raise ValidationError({"value": "It is there already, if written otherwise."})
    made_by(method, by)
    method.save()
    return method


@transaction.atomic
def label_method(method: ContactMethod, *, label: str, by: User) -> None:
    """Call it so. Raises NotAllowed unless ``by`` is the person or an administrator, ValidationError over 60 signs."""
    require_self_or_administrator(method.person, by)
    method.label = " ".join(label.split())
    method.full_clean(exclude=["normalised"])
    made_by(method, by)
    method.save(update_fields=["label"])


@transaction.atomic
def remove_method(method: ContactMethod, *, by: User) -> None:
    """Take a way to reach somebody away; of one that was proven they are told (METHOD_REMOVED).

    Raises NotAllowed unless ``by`` is the person or an administrator.
    """
    require_self_or_administrator(method.person, by)
    made_by(method, by)
    method.delete()
    if method.verified_at is not None:
        events.publish(METHOD_REMOVED, method)


@transaction.atomic
def order_methods(person: User, *, order: Sequence[int], by: User) -> None:
    """Put the methods of ``person`` in the ``order`` of their ids; those not named follow as they stood.

    Raises NotAllowed unless ``by`` is the person or an administrator.
    """
    require_self_or_administrator(person, by)
    place = {pk: position for position, pk in enumerate(order)}
    methods = sorted(person.contact_methods.all(), key=lambda method: place.get(method.pk, len(place)))
    for position, method in enumerate(methods):
        if method.position != position:
            method.position = position
            made_by(method, by)
            method.save(update_fields=["position"])


@transaction.atomic
def verify_method(method: ContactMethod) -> None:
    """Note that the person receives what is sent to ``method``, which brings it back into use; twice is once."""
    if method.verified_at is None or method.disabled_at is not None:
        method.verified_at = method.verified_at or clock.now()
        method.disabled_at, method.disabled_reason, method.failures = None, "", 0
        method.save(update_fields=["verified_at", "disabled_at", "disabled_reason", "failures"])


@transaction.atomic
def disable_method(method: ContactMethod, *, by: User) -> None:
    """Send nothing to ``method`` until it is verified again, and tell its person (METHOD_DISABLED); twice is once.

    Raises NotAllowed unless ``by`` is the person or an administrator.
    """
    require_self_or_administrator(method.person, by)
    method = ContactMethod.objects.select_for_update(no_key=True, of=("self",)).get(pk=method.pk)
    if method.disabled_at is None:
        method.disabled_at, method.disabled_reason = clock.now(), "It was switched off by hand."
        made_by(method, by)
        method.save(update_fields=["disabled_at", "disabled_reason"])
        events.publish(METHOD_DISABLED, method)


@transaction.atomic
def ensure_login_email(person: User) -> ContactMethod:
    """Make the address that ``person`` signs in with a verified way to reach them, unless it is one already."""
    method, _ = ContactMethod.objects.get_or_create(
        person=person, kind=MethodKind.EMAIL, value=person.email, defaults={"verified_at": clock.now()}
    )
    verify_method(method)
    return method


@transaction.atomic
def follow_login_email(person: User, *, was: str) -> None:
    """Reach ``person`` by the address that they sign in with now, in the place of ``was`` if they were by that."""
    emails = ContactMethod.objects.filter(person=person, kind=MethodKind.EMAIL)
    old = emails.select_for_update(no_key=True).filter(value__iexact=was).first()
    standing = emails.filter(value__iexact=person.email).first()
    if old is None or old == standing:
        return
    if standing is not None:
        events.publish(METHODS_JOINED, Joined(gone=standing, into=old))
        standing.delete()
    old.value = person.email  # it keeps its place, and the steps by which it is used
    old.save(update_fields=["value"])
    verify_method(old)


@transaction.atomic
def note_failure(method: ContactMethod, *, reason: str, gone: bool) -> None:
    """Count a permanent failure; the third in a row, or one that says that the address is ``gone``, disables it.

    Whoever is told of it hears METHOD_DISABLED, in this transaction.
    """
    method = ContactMethod.objects.select_for_update(no_key=True).get(pk=method.pk)
    if method.disabled_at is not None:
        return
    method.failures += 1
    if gone or method.failures >= FAILURES_ALLOWED:
        method.disabled_at, method.disabled_reason = clock.now(), reason[:255]
    method.save(update_fields=["failures", "disabled_at", "disabled_reason"])
    if method.disabled_at is not None:
        events.publish(METHOD_DISABLED, method)


def note_success(method: ContactMethod) -> None:
    """What was sent arrived: failures are counted anew. Writes nothing where none was counted."""
    if method.failures:
        method.failures = 0
        method.save(update_fields=["failures"])


@transaction.atomic
def opt_out(number: str) -> list[ContactMethod]:
    """Whoever has ``number`` answered STOP: no text message is sent there any more; returns the methods, whoever's.

    It holds for whoever enters the number later, too (``ContactMethod.save``). Whoever is told of it hears
    METHOD_STOPPED of each method, in this transaction.
    """
    StoppedNumber.objects.get_or_create(number=normalise(MethodKind.SMS, number), defaults={"at": clock.now()})
    methods = list(queries.methods_at(MethodKind.SMS, number).filter(opted_out_at__isnull=True))
    for method in methods:
        method.opted_out_at = clock.now()
        method.save(update_fields=["opted_out_at"])
        events.publish(METHOD_STOPPED, method)
    return methods


@transaction.atomic
def opt_in(number: str) -> list[ContactMethod]:
    """Whoever has ``number`` answered START: text messages are sent there again; returns the methods, whoever's."""
    StoppedNumber.objects.filter(number=normalise(MethodKind.SMS, number)).delete()
    methods = list(queries.methods_at(MethodKind.SMS, number).filter(opted_out_at__isnull=False))
    for method in methods:
        method.opted_out_at = None
        method.save(update_fields=["opted_out_at"])
    return methods


def _added_lately(person: User) -> int:
    """How many methods the person was given within the hour, those counted too that are gone again."""
    since = clock.now() - timedelta(hours=1)
    added: int = ContactMethod.history.filter(person=person, history_type="+", history_date__gt=since).count()
    return added


def require_self_or_administrator(person: User, by: User) -> None:
    """Raise NotAllowed unless ``by`` may change how ``person`` is reached."""
    if person != by and not access.is_administrator(by):
        raise NotAllowed(f"{by} has no right to change how {person} is reached.")
