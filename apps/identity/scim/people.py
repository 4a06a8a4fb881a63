"""What identity providers do to people: they make, change and deactivate them. Nobody is ever deleted: the record
names them.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from scim2_models import InvalidValueException, UniquenessException

from apps.core import audited, clock, events
from apps.core.audited import Act
from apps.core.errors import NotAllowed
from apps.core.texts import one_line
from apps.core.zones import can_be_chosen
from apps.identity import ways_in
from apps.identity.groups import actions as groups
from apps.identity.scim.models import ProvisionedPerson
from apps.identity.scim.schemas import User
from apps.teams import actions as teams
from apps.teams import models
from apps.teams.events import PERSON_ADDED
from apps.teams.queries import administrates_by_hand

LONGEST_NAME = 120


@transaction.atomic
def create(told: User, *, by: models.User) -> models.User:
    """Make the person that ``told`` describes; whoever was deleted by provisioning comes back, to none of their roles.

    They have no password: they sign in by their provider, or are invited. Raises UniquenessException where somebody has
    the address or the external id, or somebody else had the address, InvalidValueException for an address or a zone
    that is none.
    """
    teams.lock_administrators()
    address = _address(told)
    known = models.User.objects.filter(email__iexact=address).first()
    if known is None:
        person = _add(told, address)
    elif _is_gone(known):
        person = _come_back(known, told, by=by)
    else:
        raise UniquenessException(detail=f"There is somebody with the userName {address} already.")
    _tell(person, "made", by=by)
    return person


@transaction.atomic
def replace(person: models.User, told: User, *, by: models.User) -> models.User:
    """Let ``person`` be as ``told``; where it says nothing of whether they are active, or of their zone, that stays.

    Raises as ``create`` does, NotAllowed where it would change address or activity of somebody who was made an
    administrator by hand, and RuleViolation where it would deactivate the last administrator.
    """
    teams.lock_administrators()
    return _told_of(_change(person, told, name=_name(told), active=told.active, by=by), by=by)


@transaction.atomic
def patch(person: models.User, told: User, *, by: models.User) -> models.User:
    """Let ``person``, whose resource became ``told`` by a patch, be so. Raises as ``replace`` does."""
    teams.lock_administrators()
    name = _patched_name(told, person.name)
    return _told_of(_change(person, told, name=name, active=told.active, by=by), by=by)


@transaction.atomic
def delete(person: models.User, *, by: models.User) -> None:
    """Deactivate ``person``, and take all groups and ways of signing in from them; to provisioning they are gone.

    Roles given by hand stay until they come back, so that it can be told what they leave. Raises as ``replace`` does.
    """
    teams.lock_administrators()
    _check_reach(person, address=person.email, active=False)
    teams.deactivate(person)
    ways_in.take_all(person, by=by)
    groups.leave_all(person, by=by)
    ProvisionedPerson.objects.update_or_create(person=person, defaults={"external_id": "", "deleted_at": clock.now()})
    _tell(person, "deleted there, and deactivated", by=by)


def _add(told: User, address: str) -> models.User:
    try:
        with transaction.atomic():
            person = models.User.objects.create_user(
                address, name=_name(told), time_zone=_zone(told) or "UTC", is_active=told.active is not False
            )
    except IntegrityError as error:
        raise UniquenessException(detail=f"There is somebody with the userName {address} already.") from error
    _keep_external_id(person, told)
    events.publish(PERSON_ADDED, person)
    return person


def _come_back(person: models.User, told: User, *, by: models.User) -> models.User:
    """Nobody knows whether it is the one who left: what was given to that one by hand, somebody gives anew by hand."""
    _check_reach(person, address=person.email, active=told.active is not False)
    teams.take_every_role(person)
    return _change(person, told, name=_name(told), active=told.active is not False, by=by)


def _change(person: models.User, told: User, *, name: str, active: bool | None, by: models.User) -> models.User:
    """``active``: None leaves it as it is."""
    teams.refuse_erased(person)
    wanted = {"email": _address(told), "name": name, "time_zone": _zone(told) or person.time_zone}
    _check_reach(person, address=wanted["email"], active=person.is_active if active is None else active)
    was = person.email
    changed = [field for field, value in wanted.items() if getattr(person, field) != value]
    for field in changed:
        setattr(person, field, wanted[field])
    if changed:
        _save(person, changed)
    _keep_external_id(person, told)
    teams.tell_of_address(person, was=was, by=by)
    if active is not None:
        (teams.reactivate if active else teams.deactivate)(person)
    return person


def _check_reach(person: models.User, *, address: str, active: bool) -> None:
    """A token that provisions must not become an administrator, by an address of its own, or keep all others out."""
    stays = address == person.email.lower() and active == person.is_active
    if not stays and administrates_by_hand(person):
        raise NotAllowed(
            f"{person} was made an administrator here: only here are they switched off, or given another address."
        )


def _save(person: models.User, changed: list[str]) -> None:
    try:
        with transaction.atomic():
            person.save(update_fields=changed)
    except IntegrityError as error:
        raise UniquenessException(detail=f"There is somebody with the userName {person.email} already.") from error


def _keep_external_id(person: models.User, told: User) -> None:
    """Whoever is out comes back under the number they had: another one is somebody else's, who must not be them."""
    number, before = told.external_id or "", ProvisionedPerson.objects.filter(person=person).first()
    known_as = before.known_as if before is not None and not person.is_active else ""
    if known_as and number not in ("", known_as):
        raise UniquenessException(
            detail="Whoever had this userName before has another externalId. An administrator gives them another"
            " address first."
        )
    kept = {"external_id": number, "known_as": known_as or number, "deleted_at": None}
    try:
        with transaction.atomic():
            ProvisionedPerson.objects.update_or_create(person=person, defaults=kept)
    except IntegrityError as error:
        raise UniquenessException(detail="There is somebody with this externalId already.") from error


def _is_gone(person: models.User) -> bool:
    return not person.is_active and ProvisionedPerson.objects.filter(person=person, deleted_at__isnull=False).exists()


def _address(told: User) -> str:
    address = (told.user_name or "").strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidValueException(detail="userName has to be the address by which the person signs in.") from error
    return address


def _zone(told: User) -> str | None:
    if told.timezone and not can_be_chosen(told.timezone):
        raise InvalidValueException(detail=f"timezone {told.timezone} is none of the IANA database.")
    return told.timezone


def _name(told: User) -> str:
    """What ``told`` calls them: by one name, or by its parts; empty where it has none."""
    parts: dict[str, Any] = {}
    if told.name:
        parts = {name.lower(): value for name, value in told.name.unknown_attributes.items()}
    formatted = told.name.formatted if told.name else None
    put_together = " ".join(str(parts[name]) for name in ("givenname", "familyname") if parts.get(name))
    return _checked_name(told.display_name or formatted or put_together)


def _patched_name(told: User, known: str) -> str:
    """Of the two names of a resource, which were both ``known``, the one that was changed; empty if one was removed."""
    names = [told.display_name or "", (told.name.formatted if told.name else None) or ""]
    changed = [name for name in names if name != known]
    return _checked_name(next(filter(None, changed), "") if changed else known)


def _checked_name(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise InvalidValueException(detail=f"displayName has {LONGEST_NAME} characters at most.")
    return one_line(name)  # as it is stored, or each synchronisation would change it


def _told_of(person: models.User, *, by: models.User) -> models.User:
    _tell(person, "changed" if person.is_active else "changed, and is deactivated", by=by)
    return person


def _tell(person: models.User, words: str, *, by: models.User) -> None:
    held = person.memberships.exclude(team=None).values_list("team", flat=True)
    audited.note(
        Act.PROVISIONED,
        f"{words.capitalize()} by the identity provider",
        by=by,
        about=person,
        teams=tuple(sorted(set(held))),
    )
