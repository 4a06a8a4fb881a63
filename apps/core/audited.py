"""What is told to the audit stream: what somebody did that leaves no row with a history.

Sign-ins, reads of what is private, exports, the first use of a token from an address. The caller notes it where it
happens, in its own transaction; ``apps.audit`` writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from apps.core import events

#: Published with an Occurrence.
NOTED = "audit.noted"


class Act(models.TextChoices):
    """What happened. The words are the ones that auditors filter by; a new act is a new line here."""

    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
    SIGNED_OUT = "signed_out", "Signed out"
    LOCKED_OUT = "locked_out", "Locked out"
    CONFIRMED = "confirmed", "Confirmed who they are"
    FACTOR_ADDED = "factor_added", "Way of signing in added"
    FACTOR_REMOVED = "factor_removed", "Way of signing in removed"
    ADDRESS_CHANGED = "address_changed", "Address changed"
    SESSION_ENDED = "session_ended", "Session ended"
    INVITED = "invited", "Invited"
    INVITATION_USED = "invitation_used", "Invitation used"
    PROVISIONED = "provisioned", "Changed by the identity provider"
    TOKEN_MADE = "token_made", "Token made"
    TOKEN_ROTATED = "token_rotated", "Token rotated"
    TOKEN_REVOKED = "token_revoked", "Token revoked"
    TOKEN_ELSEWHERE = "token_elsewhere", "Token used from a new address"
    ROLE_CHANGED = "role_changed", "Role changed"
    HANDED_OVER = "handed_over", "Handed over"
    PRIVATE_READ = "private_read", "Private incident read"
    EXPORTED = "exported", "Exported"
    ERASED = "erased", "Personal data erased"
    KEYS_ROTATED = "keys_rotated", "Keys rotated"
    BACKED_UP = "backed_up", "Backup made"
    RESTORED = "restored", "Restored from a backup"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One act: by whom (None: nobody who is known), on what, whose teams it concerns, and what else is worth a word.

    ``data`` holds plain JSON, and never a secret. Whoever may see an act of a team is the team's auditor; one
    without teams concerns the whole organisation.
    """

    act: Act
    by: AbstractBaseUser | None
    text: str
    about: models.Model | None = None
    teams: tuple[int, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def note(
    act: Act,
    text: str,
    *,
    by: AbstractBaseUser | None,
    about: models.Model | None = None,
    teams: tuple[int, ...] = (),
    **data: Any,
) -> None:
    """Tell the stream that ``by`` did ``act``; ``text`` is a sentence a person reads: "Signed in with a passkey".

    It names nobody: it is sealed, and whoever is erased would stay in it. Who did it, and to whom, the record says.
    """
    events.publish(NOTED, Occurrence(act, by, text, about, teams, data))
