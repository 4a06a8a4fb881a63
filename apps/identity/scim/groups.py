"""What identity providers do to groups, and to who is in them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from scim2_models import InvalidValueException, UniquenessException

from apps.core import audited
from apps.core.audited import Act
from apps.identity.groups import actions
from apps.identity.groups.models import ProviderGroup
from apps.identity.oidc.configuration import SCIM
from apps.identity.scim.representing import people
from apps.identity.scim.schemas import Group, Member
from apps.teams import actions as teams
from apps.teams.models import User

_LONGEST = 255


@transaction.atomic
def create(told: Group, *, by: User) -> ProviderGroup:
    """Keep the group that ``told`` describes; its members get what it gives.

    One that administrators named before is there already. Raises UniquenessException for a name or an external id that
    a group has, InvalidValueException for members who are nobody.
    """
    teams.lock_administrators()
    group = ProviderGroup(provider=SCIM)
    _write(group, told)
    _follow(group, told, words="made", by=by)
    return group


@transaction.atomic
def change(group: ProviderGroup, told: Group, *, by: User) -> ProviderGroup:
    """Let the group be as ``told``: its name, and exactly these members. Raises as ``create`` does."""
    teams.lock_administrators()
    _write(group, told)
    _follow(group, told, words="changed", by=by)
    return group


@transaction.atomic
def delete(group: ProviderGroup, *, by: User) -> None:
    """Forget the group with its mapping; what it alone gave is taken back."""
    audited.note(Act.PROVISIONED, f"The group {group} was deleted by the identity provider", by=by)
    actions.delete_group(group, by=by)


def _write(group: ProviderGroup, told: Group) -> None:
    wanted = {"name": (told.display_name or "").strip(), "external_id": told.external_id or ""}
    if not wanted["name"] or any(len(value) > _LONGEST for value in wanted.values()):
        raise InvalidValueException(detail=f"displayName and externalId have {_LONGEST} characters at most, and one.")
    if group.pk is not None and all(getattr(group, name) == value for name, value in wanted.items()):
        return
    group.name, group.external_id = wanted["name"], wanted["external_id"]
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:
        raise UniquenessException(detail=f"There is a group called {group.name}, or with its externalId.") from error


def _follow(group: ProviderGroup, told: Group, *, words: str, by: User) -> None:
    actions.set_members(group, _people(told.members or ()), by=by)
    audited.note(Act.PROVISIONED, f"The group {group} was {words} by the identity provider", by=by, about=group)


def _people(members: Iterable[Member]) -> list[User]:
    numbers = {member.value or "" for member in members}
    found = people().filter(pk__in=[number for number in numbers if number.isdecimal() and len(number) < 19])
    if nobody := numbers - {str(person.pk) for person in found}:
        raise InvalidValueException(detail=f"There is nobody with the id {min(nobody)}; members are people.")
    return list(found)
