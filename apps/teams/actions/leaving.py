"""Who is nobody here any more, and who comes back."""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction

from apps.core import clock, events
from apps.core.errors import RuleViolation
from apps.teams import access, factors
from apps.teams.events import ADDRESS_CHANGED, DEACTIVATED, AddressChange
from apps.teams.models import User
from apps.teams.queries import is_erased
from apps.teams.triggers import AN_ADMINISTRATOR_STAYS


@transaction.atomic
def deactivate(person: User) -> None:
    """Let nobody be ``person`` from now on: their tokens are revoked, and what others do about it follows (events).

    Their roles stay, for whoever comes back; no role of theirs is worth anything meanwhile. Doing it twice is doing it
    once. Raises RuleViolation for the last administrator.
    """
    if not person.is_active:
        return
    if is_last_administrator(person):
        raise RuleViolation(f"{person} is the last administrator; make somebody else one first.")
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_passes(person)
    for token in person.tokens.filter(revoked_at=None):
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
    access.rebuild_grants(person)
    events.publish(DEACTIVATED, person)


def end_passes(person: User) -> None:
    """Let nothing that was given to ``person`` so far open pages without signing in, as of the next look at who may."""
    person.passes_ended_at = clock.now()
    User.objects.filter(pk=person.pk).update(passes_ended_at=person.passes_ended_at)


@transaction.atomic
def reactivate(person: User) -> None:
    """Let ``person`` in again, with the roles they hold. Their tokens stay revoked.

    Raises RuleViolation for whoever was erased.
    """
    if person.is_active:
        return
    refuse_erased(person)
    person.is_active = True
    person.save(update_fields=["is_active"])
    access.rebuild_grants(person)


def refuse_erased(person: User) -> None:
    """Raise RuleViolation if ``person`` was erased: nobody becomes them again, by whatever door."""
    if is_erased(person):
        raise RuleViolation(f"{person} was erased, and nobody is them again: make a new account.")


@transaction.atomic
def take_every_role(person: User) -> None:
    """Let ``person`` hold no role any more, however it came. Not for an administrator who may be the last."""
    for membership in person.memberships.all():
        membership.delete()
    access.rebuild_grants(person)


def tell_of_address(person: User, *, was: str, by: User) -> None:
    """Let others hear (ADDRESS_CHANGED) that ``by`` gave ``person`` another address, if it is more than its case."""
    if person.email.lower() != was.lower():
        events.publish(ADDRESS_CHANGED, AddressChange(person, was, by))


def is_last_administrator(person: User) -> bool:
    """Whether nobody would administrate the organisation without ``person``, or nobody who can sign in.

    Two who ask at once wait for one another. Ask within the transaction that takes them away; whatever asks nobody is
    refused by the database (``require_an_administrator``).
    """
    lock_administrators()
    themselves = access.administrators().filter(pk=person.pk)
    others = access.administrators().exclude(pk=person.pk)
    if not themselves.exists():
        return False
    signs_in = factors.has_a_way_in()
    return not others.exists() or (themselves.filter(signs_in).exists() and not others.filter(signs_in).exists())


def require_an_administrator() -> None:
    """Raise RuleViolation if what this transaction did so far leaves the organisation without an administrator.

    The database asks at the end of every transaction (``triggers``); who asks before it can say so to people. Let the
    error end the transaction.
    """
    try:
        with transaction.atomic():
            connection.check_constraints()
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") != AN_ADMINISTRATOR_STAYS:
            raise
        raise RuleViolation("Nobody else administrates the organisation: make somebody else one first.") from error


def lock_administrators() -> None:
    """Let whoever else takes administrators away wait for the end of this transaction. Take it before other locks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('teams.administrators'))")
