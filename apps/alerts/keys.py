"""The keys of integrations: how one is stored, and a table of them that spares most requests the database."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import close_old_connections

from apps.alerts.models import Integration

#: For how long (seconds) an answer of the database is believed: a revoked key is refused after it, 5 s at the latest.
BELIEVED_FOR = 3.0

#: More than any installation has integrations: beyond it somebody is guessing keys, and the table starts anew.
LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose key it is."""

    integration_id: int
    format: str


class KeyTable:
    """Which sender has which key; shared by the threads of a process."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Sender | None, float]] = {}
        self._mutex = threading.Lock()

    def sender(self, key: str) -> Sender | None:
        """Return who has ``key``, or None if no active integration has. Raises the database's error if it is away."""
        known = self._known.get(key)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        found = _look_up(key)
        with self._mutex:
            if len(self._known) >= LARGEST:
                self._known.clear()
            self._known[key] = found, time.monotonic() + BELIEVED_FOR
        return found


def digest_of(key: str) -> str:
    """The form in which a key is stored. Its 192 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def ingest_url(integration: Integration, key: str) -> str:
    """The address to be given to the sender, absolute."""
    return f"{settings.SITE_URL}/ingest/{integration.format}/{key}/"


def _look_up(key: str) -> Sender | None:
    # No request of Django's surrounds this, so nothing else ends a connection that broke or grew old.
    close_old_connections()
    try:
        active = Integration.objects.filter(is_active=True, key_digest=digest_of(key))
        found = active.values_list("pk", "format").first()
    finally:
        close_old_connections()
    return Sender(*found) if found else None
