"""Verifies contact methods: a code is sent to the method, and its person tells it back."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.contacts import queries
from apps.contacts.actions.methods import METHOD_PROVEN, require_self_or_administrator, verify_method
from apps.contacts.models import ContactMethod, Verification
from apps.core import clock, events
from apps.core.errors import Invalid, RuleViolation
from apps.core.history import made_by
from apps.teams.models import User

#: A code is to be sent; the subject is the Verification.
CODE_REQUESTED = "contacts.code_requested"

DIGITS = 6
LIFETIME = timedelta(minutes=15)
#: Nobody is to be pestered, or charged, by codes that somebody else asks for.
BETWEEN_CODES = timedelta(seconds=30)
CODES_AN_HOUR = 6
WRONG_ALLOWED = 5


@transaction.atomic
def request_code(method: ContactMethod, *, by: User) -> Verification:
    """Have a new code sent to ``method``; an earlier one is no longer good.

    Raises NotAllowed unless ``by`` is its person or an administrator, RuleViolation within BETWEEN_CODES of the last
    one, after CODES_AN_HOUR, and for a number that cannot be dialled or whose receiver answered STOP.
    """
    require_self_or_administrator(method.person, by)
    method = _locked(method)
    if queries.is_stopped(method):
        raise RuleViolation(f"{method.value} answered STOP; START, sent from there, ends that.")
    if not method.is_dialable:
        raise RuleViolation(f"{method.value} cannot be dialled.")
    now = clock.now()
    verification, created = Verification.objects.select_for_update(no_key=True).get_or_create(
        method=method, defaults={"requested_at": now, "hour_began_at": now}
    )
    if not created and now < verification.requested_at + BETWEEN_CODES:
        raise RuleViolation("A code was sent a moment ago; wait half a minute for the next one.")
    if now >= verification.hour_began_at + timedelta(hours=1):
        verification.hour_began_at, verification.requests = now, 0
    if verification.requests >= CODES_AN_HOUR:
        raise RuleViolation("Too many codes were asked for; try again in an hour.")
    verification.nonce, verification.requested_at = uuid.uuid4(), now
    verification.requests, verification.wrong, verification.failure = verification.requests + 1, 0, ""
    verification.save()
    events.publish(CODE_REQUESTED, verification)
    return verification


def confirm_code(method: ContactMethod, *, code: str, by: User) -> None:
    """Verify ``method`` if ``code`` is the one that was sent to it; its person is told of a new one (METHOD_PROVEN).

    Raises Invalid, naming ``code``, for another one, and RuleViolation where none is waited for, it is too old, or
    too many wrong ones were told; NotAllowed as ``request_code``. A wrong one is counted, whatever is raised.
    """
    require_self_or_administrator(method.person, by)
    with transaction.atomic():
        method = _locked(method)
        verification = Verification.objects.select_for_update(no_key=True).filter(method=method).first()
        if verification is None:
            raise RuleViolation("No code was sent yet.")
        if clock.now() >= verification.requested_at + LIFETIME:
            raise RuleViolation("The code is too old; ask for a new one.")
        if verification.wrong >= WRONG_ALLOWED:
            raise RuleViolation("Too many wrong codes; ask for a new one.")
        if right := constant_time_compare("".join(code.split()), code_of(verification)):
            was_proven = method.verified_at is not None
            made_by(method, by)
            verify_method(method)
            verification.delete()
            if not was_proven:
                events.publish(METHOD_PROVEN, method)
        else:
            verification.wrong += 1
            verification.save(update_fields=["wrong"])
    if not right:
        raise Invalid("This is not the code that was sent.", field="code")


def _locked(method: ContactMethod) -> ContactMethod:
    """The method as it is now: its address changes, and the code for the one before ends, before or after.

    Raises RuleViolation where it was removed.
    """
    found = ContactMethod.objects.select_for_update(no_key=True).filter(pk=method.pk).first()
    if found is None:
        raise RuleViolation("This contact method was removed.")
    return found


def note_unsent(verification_id: int, *, reason: str) -> None:
    """The code could not be sent: say why where it is waited for."""
    Verification.objects.filter(pk=verification_id).update(failure=reason[:255])


def code_of(verification: Verification) -> str:
    """The code: DIGITS digits that only this installation can derive from the nonce."""
    digest = salted_hmac("contacts.verification", str(verification.nonce), secret=settings.SECRET_KEY).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"
