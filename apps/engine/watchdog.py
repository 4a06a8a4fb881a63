"""Looks at the engine from outside of it: mails by hand when pages do not get out, and tells others that all is well.

It runs in the loop of ``engine run``, beside the engine, and needs neither timer nor broker nor database to speak.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import Error as DatabaseFailure

from apps.core import http
from apps.engine import checks, queries
from apps.engine.registry import watch

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=10)
PING_EVERY = timedelta(minutes=1)
PING_LIMIT = timedelta(seconds=10)
HEADERS = {"X-ADO-Kind": "other", "X-Priority": "1", "Importance": "high", "Auto-Submitted": "auto-generated"}


def complaint() -> str:
    """Why pages do not get out, or an empty string."""
    try:
        found = [queries.health().complaint, *checks.complaints().values()]
    except (DatabaseFailure, psycopg.Error) as error:
        return f"The database cannot be reached: {error}"
    return " ".join(text for text in found if text)


@dataclass
class Watchdog:
    """Mails WATCHDOG_TO once a complaint has lasted for WATCHDOG_AFTER, again while it lasts, and when it is over."""

    ask: Callable[[], str] = complaint
    clock: Callable[[], float] = time.monotonic
    _since: float | None = field(default=None, init=False)
    _barked: float | None = field(default=None, init=False)

    def look(self) -> None:
        """Ask once, and bark if it is time. Raises what the mail server raises; the next look tries again."""
        trouble, now = self.ask(), self.clock()
        if not trouble:
            if self._barked is not None:
                self._bark("Pages get out again", "What kept pages from getting out is over.")
            self._since = self._barked = None
            return
        self._since = now if self._since is None else self._since
        if now - self._since < settings.WATCHDOG_AFTER.total_seconds():
            return
        if self._barked is None or now - self._barked >= settings.WATCHDOG_AGAIN_AFTER.total_seconds():
            self._bark("PAGES DO NOT GET OUT", f"{trouble}\n\nNobody is paged until this is mended.")
            self._barked = now

    def _bark(self, subject: str, text: str) -> None:
        log.error("watchdog", subject=subject, text=text)
        if settings.WATCHDOG_TO:
            body = f"{text}\n\n{settings.SITE_URL}/readyz\n"
            EmailMessage(f"ADO Incidents: {subject}", body, to=settings.WATCHDOG_TO, headers=HEADERS).send()


_watchdog = Watchdog()


@watch("engine.watchdog", every=LOOK_EVERY)
def look() -> None:
    """Look whether pages get out."""
    _watchdog.look()


@watch("engine.heartbeat", every=PING_EVERY)
def ping() -> None:
    """Tell HEARTBEAT_URL that pages get out; whoever listens there calls for help when it stops. Raises ProviderError.

    A redirect is not followed: whatever answers so did not count the beat.
    """
    if settings.HEARTBEAT_URL and not complaint():
        with http.client(seconds=PING_LIMIT.total_seconds()) as opened:
            http.send(opened, "GET", settings.HEARTBEAT_URL)
