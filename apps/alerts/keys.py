"""The keys of integrations: how one is stored, and a table of them that spares most requests the database."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import close_old_connections
from django.db.models import Q

from apps.alerts.models import Format, Integration
from apps.teams import access
from apps.teams.access import Permission
from apps.teams.actions import note_use
from apps.teams.models import Scope
from apps.teams.queries import live_token

#: For how long (seconds) an answer of the database is believed: a revoked key is refused after it, 5 s at the latest.
BELIEVED_FOR = 3.0

#: More than any installation has integrations: beyond it somebody is guessing keys, and the table starts anew.
LARGEST = 10_000
_NUMBER = re.compile("[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose key it is."""

    integration_id: int
    format: str
    secret: str


class KeyTable:
    """Which sender has which key; shared by the threads of a process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Sender | None, float]] = {}
        self._mutex = threading.Lock()

    def sender(self, key: str, *, token: str = "") -> Sender | None:
        """Return who has ``key``, or None if no active integration has. Raises the database's error if it is away.

        With the secret of a ``token`` that sends alerts ``key`` is no secret: it is the integration's number.
        """
        asked = key, digest_of(token) if token else ""
        known = self._known.get(asked)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        found = _look_up(key, token)
        with self._mutex:
            if len(self._known) >= LARGEST:
                self._known.clear()
            self._known[asked] = found, time.monotonic() + BELIEVED_FOR
        return found


def digest_of(key: str) -> str:
    """The form in which a key is stored. Its 192 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_number(key: str) -> bool:
    """Whether what stands in an address can be the number of an integration: no key looks like one."""
    return _NUMBER.fullmatch(key) is not None


def ingest_url(integration: Integration, key: str) -> str:
    """The address to be given to the sender, absolute."""
    return f"{settings.SITE_URL}/ingest/{integration.format}/{key}/"


def told_to_sender(integration: Integration, key: str) -> tuple[str, ...]:
    """What the sender has to be told: its address, or the base of the vendor's addresses and the key (contract)."""
    if integration.format in (Format.PAGERDUTY, Format.OPSGENIE):
        return settings.SITE_URL, key
    return (ingest_url(integration, key),)


def _look_up(key: str, token: str) -> Sender | None:
    # No request of Django's surrounds this, so nothing else ends a connection that broke or grew old.
    close_old_connections()
    try:
        named = _named_with(token, number=key) if token else Q(key_digest=digest_of(key))
        found = Integration.objects.filter(named, is_active=True).values_list("pk", "format", "secret").first()
    finally:
        close_old_connections()
    return Sender(*found) if found else None


def _named_with(secret: str, *, number: str) -> Q:
    """The integration of that number, if the token sends alerts and its person responds in the integration's team."""
    token = live_token(secret)
    if token is None or token.scope != Scope.INGEST:
        return Q(pk=None)
    note_use(token)
    access.limit(token.person, token.team_ids)
    return Q(pk=number, team__in=access.team_ids(token.person, Permission.RESPOND))
