"""Members of workspaces that Slack was asked for: a big incident has more people than it lets one ask for at once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from apps.core import clock

#: For so long somebody is remembered, and nobody.
SOMEBODY, NOBODY = timedelta(hours=1), timedelta(minutes=5)
#: So many are remembered; then everybody is forgotten.
MOST = 10_000


class Members:
    """By workspace and address the id of a member, or None where the workspace knows nobody of that address."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[datetime, str | None]] = {}
        self._mutex = threading.Lock()

    def member(self, token: str, email: str, *, ask: Callable[[], str | None]) -> str | None:
        """The member, as remembered, else as Slack answers now; what ``ask`` raises is not remembered."""
        key, now = (hashlib.sha256(token.encode()).hexdigest(), email.lower()), clock.now()
        until, member = self._known.get(key, (now, None))
        if until > now:
            return member
        member = ask()
        with self._mutex:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = (now + (SOMEBODY if member else NOBODY), member)
        return member

    def forget(self) -> None:
        """Forget everybody."""
        with self._mutex:
            self._known.clear()


members = Members()
