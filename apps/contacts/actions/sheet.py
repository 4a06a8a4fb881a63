"""Writes of the sheet: emergency contacts with the people behind them, and those outside the house (R7, R8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.db import transaction

from apps.contacts.models import (
    ContactGroup,
    ContactMethod,
    EmergencyContact,
    ExternalContact,
    ExternalContactPoint,
    MethodKind,
    MethodSource,
    PointKind,
)
from apps.core import clock
from apps.teams.models import User


@dataclass(frozen=True, slots=True)
class Point:
    """One way to reach an external contact."""

    label: str
    kind: PointKind
    value: str


@transaction.atomic
def upsert_emergency_contact(
    *,
    group: ContactGroup,
    key: str,
    name: str,
    title: str = "",
    email: str = "",
    phone: str = "",
    pager: str = "",
    slack: str = "",
    position: int = 0,
) -> EmergencyContact:
    """Make the contact say this, retired or new as it may be; a call that changes nothing writes nothing (R7).

    Behind it stands a person, found or made by the email address, else by the pager's; they can be paged by what
    the contact says and, if made here, not sign in. A contact without either has nobody behind it.
    """
    fields = {
        "name": name,
        "title": title,
        "email": email.lower(),
        "phone": phone,
        "pager": pager.lower(),
        "slack": slack,
        "position": position,
        "retired_at": None,
        "person": _backing(name, email.lower() or pager.lower()),
    }
    contact = EmergencyContact.objects.filter(group=group, key=key).first() or EmergencyContact(group=group, key=key)
    before = contact.person
    _set(contact, fields)
    for person in {before, contact.person}:
        if person is not None:
            _keep_methods(person)
    return contact


@transaction.atomic
def retire_emergency_contact(contact: EmergencyContact) -> None:
    """Take the contact off the sheet; whoever stands behind it is no longer reached by what it says. Twice is once."""
    if contact.retired_at is None:
        _set(contact, {"retired_at": clock.now()})
        if contact.person:
            _keep_methods(contact.person)


@transaction.atomic
def upsert_external_contact(*, key: str, name: str, points: Iterable[Point], position: int = 0) -> ExternalContact:
    """Make the external contact say this, its points in this order; a call that changes nothing writes nothing (R8)."""
    contact = ExternalContact.objects.filter(key=key).first() or ExternalContact(key=key)
    _set(contact, {"name": name, "position": position, "retired_at": None})
    held = {point.label: point for point in contact.points.all()}
    for number, point in enumerate(points):
        row = held.pop(point.label) if point.label in held else ExternalContactPoint(contact=contact)
        _set(row, {**asdict(point), "position": number})
    for gone in held.values():
        gone.delete()
    return contact


@transaction.atomic
def retire_external_contact(contact: ExternalContact) -> None:
    """Take the contact off the sheet. Twice is once."""
    if contact.retired_at is None:
        _set(contact, {"retired_at": clock.now()})


def _backing(name: str, address: str) -> User | None:
    if not address:
        return None
    return User.objects.filter(email__iexact=address).first() or User.objects.create_user(address, name=name)


def _keep_methods(person: User) -> None:
    """Make the methods of ``person`` that come from the procedures those that their contacts in force name.

    What the person entered themselves, and a method that was disabled, stay as they are.
    """
    contacts = EmergencyContact.objects.filter(person=person, retired_at__isnull=True)
    named = dict.fromkeys(each for contact in contacts for each in _methods_named_by(contact))
    wanted = {each: position for position, each in enumerate(named)}
    for method in ContactMethod.objects.filter(person=person):
        if (method.kind, method.value) in wanted:
            del wanted[method.kind, method.value]
        elif method.source == MethodSource.PROCEDURES:
            method.delete()
    for (kind, value), position in wanted.items():
        ContactMethod.objects.create(
            person=person,
            kind=kind,
            value=value,
            position=position,
            verified_at=clock.now(),
            source=MethodSource.PROCEDURES,
        )


def _methods_named_by(contact: EmergencyContact) -> list[tuple[str, str]]:
    named = [
        (MethodKind.EMAIL.value, contact.email),
        (MethodKind.PAGER.value, contact.pager),
        (MethodKind.SMS.value, contact.phone),
        (MethodKind.VOICE.value, contact.phone),
        (MethodKind.SLACK.value, contact.slack),
    ]
    return [(kind, value) for kind, value in named if value]


def _set(row: EmergencyContact | ExternalContact | ExternalContactPoint, fields: dict[str, object]) -> None:
    """Save ``row`` with ``fields`` unless it says the same already, so that its history shows changes only."""
    if row.pk is not None and all(getattr(row, name) == value for name, value in fields.items()):
        return
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
