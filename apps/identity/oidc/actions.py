"""Who comes in by an identity provider."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from apps.core import events
from apps.core.audited import Act
from apps.core.errors import NotAllowed, RuleViolation
from apps.identity.groups import actions as groups
from apps.identity.groups import queries
from apps.identity.groups.models import ProviderGroup
from apps.identity.oidc.configuration import OidcProvider
from apps.identity.oidc.rules import Told
from apps.teams import access, factors
from apps.teams import actions as teams
from apps.teams.events import PERSON_ADDED
from apps.teams.models import User
from apps.teams.queries import administrates_by_hand, is_a_person


def name_of(key: str) -> str:
    """What the provider of that key is called; by its key if there is none any more."""
    provider = settings.OIDC_PROVIDERS.get(key)
    return provider.name if provider else key


@transaction.atomic
def unlink(person: User, key: str) -> None:
    """Let the provider of that key know ``person`` no longer, who asked for it and hears of it; nothing if it does not.

    By their address it may come to know them again, as ``recognise`` says. It may be a provider that this installation
    has no more. Raises RuleViolation for their last way in.
    """
    teams.lock_administrators()  # a last way in may be the last administrator's
    factors.lock(person)
    known = SocialAccount.objects.filter(user=person, provider=key)
    if not known.exists():
        return
    if not User.objects.filter(factors.has_a_way_in(but_provider=key), pk=person.pk).exists():
        raise RuleViolation("It stays: it is your last way in.")
    known.delete()
    teams.note_way_in(
        person,
        act=Act.FACTOR_REMOVED,
        words=f"Took away the account at {name_of(key)}",
        told=f"Your ways of signing in have changed: your account at {name_of(key)} signs you in no longer.",
        by=person,
    )


@transaction.atomic
def recognise(told: Told, provider: OidcProvider, *, known: User | None, confirmed: User | None) -> User:
    """Who signs in: ``known`` by an earlier time, or whoever has the verified address, or somebody new.

    ``confirmed``: who is signed in here and said a moment ago who they are. Somebody new is made only where their
    groups give them a role; all of their groups are applied. Raises NotAllowed for everybody else, and for whoever is
    deactivated. Who was not known is locked until the transaction ends, so that two do not become the same person.
    """
    found = list(queries.named(told.groups or (), provider=provider.key))
    person = known or _with_address(told, provider, confirmed=confirmed) or _made(told, found)
    if not person.is_active:
        raise NotAllowed("This account is switched off. Ask an administrator if it should not be.")
    if told.groups is not None:
        groups.hear(person, found, provider=provider.key)
        groups.follow_soon(person)
    return person


def _with_address(told: Told, provider: OidcProvider, *, confirmed: User | None) -> User | None:
    if not told.address:
        raise NotAllowed("Your provider does not say that your address is verified, so it may be anybody's.")
    person = User.objects.select_for_update(no_key=True).filter(email__iexact=told.address).first()
    if person is None:
        return None
    if not User.objects.filter(is_a_person(), pk=person.pk).exists():
        raise NotAllowed("This address is no person's.")
    if SocialAccount.objects.filter(user=person, provider=provider.key).exists():
        raise NotAllowed(
            f"{provider.name} knows somebody else by your address, who had it before you. Ask an administrator."
        )
    if _links_themselves(person) and person != confirmed:
        raise NotAllowed(
            f"Administrators are not known by their address alone. Sign in as until now, and add {provider.name} on"
            " your profile, under Signing in."
        )
    return person


def _links_themselves(person: User) -> bool:
    """Whoever may change an address at the provider must not become an administrator by it.

    Who is one by a group of a provider, and has no other way in yet, is let in: that provider made them one.
    """
    if administrates_by_hand(person):
        return True
    has_another_way = User.objects.filter(factors.has_a_way_in(), pk=person.pk)
    return access.is_administrator(person) and has_another_way.exists()


def _made(told: Told, found: list[ProviderGroup]) -> User:
    if not queries.give_anything(found):
        raise NotAllowed("You have no account here, and none of your groups gives you one. Ask an administrator.")
    person = User.objects.create_user(told.address, name=told.name)
    events.publish(PERSON_ADDED, person)
    return person
