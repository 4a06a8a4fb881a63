"""Takes away who somebody was, and leaves what they did (docs/privacy.md)."""

from __future__ import annotations

from django.db import transaction

from apps.audit.erasing import erase as erase_from_record
from apps.core.audited import Act, note
from apps.core.errors import NotAllowed, RuleViolation
from apps.core.models import Erasure
from apps.privacy import belongings, mentions, reasons, replaying
from apps.privacy.obstacles import obstacles_to_erasing
from apps.teams import access
from apps.teams import actions as teams
from apps.teams.models import User


@transaction.atomic
def erase(person_id: int, *, by: User | None, reason: str) -> Erasure:
    """Erase the personal data of somebody who left; everything they did stays, under a pseudonym. Nothing undoes it.

    What the house wrote to others with their name in it is rewritten by the engine afterwards: that reads whole tables,
    and holds nobody up. ``by`` None is the house, where a backup was restored. Of two at once the second is told that
    it is done. Raises NotAllowed for who does not administrate, RuleViolation with what stands in the way, or where
    ERASED_FILE cannot be written, Invalid for a reason that is empty or names them, for it stays in the record.
    """
    if by is not None and not access.is_administrator(by):
        raise NotAllowed("Administrators erase people.")
    teams.lock_administrators()  # before any row, as everybody takes it
    person = User.objects.select_for_update(no_key=True).get(pk=person_id)
    obstacles = obstacles_to_erasing(person)
    if obstacles:
        raise RuleViolation(" ".join(obstacles))
    if by is not None:
        reason = reasons.checked(reason, person)
    pseudonym = belongings.pseudonym_of(person)
    mentions.plan_replacing(mentions.words_of(person), pseudonym)
    addresses = mentions.addresses_of_nobody_else(person)
    erasure = _erase(person, addresses, pseudonym=pseudonym, by=by, reason=reason)
    note(Act.ERASED, f"Erased the personal data of {pseudonym}", by=by, about=person, reason=reason)
    replaying.remember(person)
    return erasure


def _erase(person: User, addresses: list[str], *, pseudonym: str, by: User | None, reason: str) -> Erasure:
    """Delete first, for that writes histories too; what they are called from then on is written down last."""
    contacts = belongings.contacts_of(person)
    invited = belongings.invited_as(person, addresses)
    belongings.take_away(person, addresses)
    for number in invited:
        erase_from_record("invitation", number, pseudonym=pseudonym, by=by, reason=reason)
    erasure = erase_from_record("person", person.pk, pseudonym=pseudonym, by=by, reason=reason)
    belongings.become(person, pseudonym)
    for contact in contacts:
        belongings.hide(contact, pseudonym)
    return erasure
