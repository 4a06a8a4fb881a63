"""Helping somebody in again who lost their second factor."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from apps.core.audited import Act
from apps.core.errors import Invalid, NotAllowed
from apps.identity import leaving
from apps.teams import access, factors
from apps.teams import actions as teams
from apps.teams.models import User


@transaction.atomic
def reset_factors(person: User, *, by: User | None, reason: str) -> bool:
    """Take passkeys, authenticator app and recovery codes from ``person``, end their sessions, and tell them why.

    ``by``: None for whoever runs the house. Returns whether they can still sign in; who cannot is invited again.
    Raises NotAllowed unless ``by`` administrates the organisation, and for one's own; Invalid without a reason.
    """
    if by is not None and (by == person or not access.is_administrator(by)):
        raise NotAllowed("Administrators take away the factors of others; your own are on your profile.")
    if not reason.strip():
        raise Invalid("Say why.", field="reason")
    Authenticator.objects.filter(user=person).delete()
    leaving.end_their_sessions(person)
    who = f"{by}" if by is not None else "Whoever runs the house"
    teams.note_way_in(
        person,
        act=Act.FACTOR_REMOVED,
        words=f"Took all second factors away: {' '.join(reason.split())}",
        told=f"{who} took your passkeys, authenticator app and recovery codes away, and ended your sessions. "
        f"The reason: {' '.join(reason.split())}",
        by=by,
    )
    return User.objects.filter(factors.has_a_way_in(), pk=person.pk).exists()
