"""Keeps what was answered for a moment, so that a thousand who read at once cost as much as one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.http.response import HttpResponse, HttpResponseBase

from apps.core import clock

#: So long (seconds) what was answered is still answered, here as in browsers and proxies.
FRESH = 15
#: So many answers are kept at most.
LARGEST = 200


@dataclass(frozen=True, slots=True)
class _Kept:
    content: bytes
    headers: dict[str, str]
    state: Hashable
    at: datetime

    def stands(self, state: Hashable) -> bool:
        """Whether it may still be answered: it is fresh, and of the same state."""
        return self.state == state and timedelta(0) <= clock.now() - self.at < timedelta(seconds=FRESH)


@dataclass(slots=True)
class Answers:
    """What was answered lately by address; shared by the threads of a process."""

    _kept: dict[str, _Kept] = field(default_factory=dict)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def of(self, path: str, state: Hashable, make: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        """What is answered at ``path`` while what it is made of is in that ``state``: as it was made within FRESH.

        An answer other than 200 is made each time.
        """
        kept = self._kept.get(path)
        if kept is not None and kept.stands(state):
            return HttpResponse(kept.content, headers=kept.headers)
        made = make()
        if isinstance(made, HttpResponse) and made.status_code == 200:
            self._keep(path, _Kept(made.content, dict(made.headers), state, clock.now()))
        return made

    def forget(self) -> None:
        """Keep nothing."""
        with self._mutex:
            self._kept.clear()

    def _keep(self, path: str, kept: _Kept) -> None:
        with self._mutex:
            if path not in self._kept and len(self._kept) >= LARGEST:
                self._kept.clear()
            self._kept[path] = kept


answers = Answers()
