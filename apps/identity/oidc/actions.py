"""Who comes in by an identity provider."""

from __future__ import annotations

from django.db import transaction

from apps.core import events
from apps.core.errors import NotAllowed
from apps.identity.groups import actions as groups
from apps.identity.groups import queries
from apps.identity.groups.models import ProviderGroup
from apps.identity.oidc.configuration import OidcProvider
from apps.identity.oidc.rules import Told
from apps.teams.events import PERSON_ADDED
from apps.teams.models import User
from apps.teams.queries import is_a_person


@transaction.atomic
def recognise(told: Told, provider: OidcProvider, *, known: User | None) -> User:
    """Who signs in: ``known`` by an earlier time, or whoever has the verified address, or somebody new.

    Somebody new is made only where their groups give them a role; all of their groups are applied. Raises NotAllowed
    for everybody else, and for whoever is deactivated.
    """
    found = list(queries.named(told.groups or (), provider=provider.key))
    person = known or _with_address(told) or _made(told, found)
    if not person.is_active:
        raise NotAllowed("This account is switched off. Ask an administrator if it should not be.")
    if told.groups is not None:
        groups.hear(person, found, provider=provider.key)
        groups.follow_soon(person)
    return person


def _with_address(told: Told) -> User | None:
    if not told.address:
        raise NotAllowed("Your provider does not say that your address is verified, so it may be anybody's.")
    person = User.objects.filter(email__iexact=told.address).first()
    if person is not None and not User.objects.filter(is_a_person(), pk=person.pk).exists():
        raise NotAllowed("This address is no person's.")
    return person


def _made(told: Told, found: list[ProviderGroup]) -> User:
    if not queries.give_anything(found):
        raise NotAllowed("You have no account here, and none of your groups gives you one. Ask an administrator.")
    person = User.objects.create_user(told.address, name=told.name)
    events.publish(PERSON_ADDED, person)
    return person
