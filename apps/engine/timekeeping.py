"""Whether this process's machine has the right time: the database is asked, over a connection of its own.

A worker asks with each claim (``identity``). A web process writes instants too (when an incident was declared, when
its levels are due) and claims nothing: here it asks at its start and then once a minute, beside the requests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from django.db import connections

from apps.core import clock

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)
#: A database that does not answer within this span is not waited for at the start.
LIMIT = timedelta(seconds=2)


def compare(connection: psycopg.Connection[Any]) -> None:
    """Go by the database's clock from now on if this machine's is off (``clock.compare``). Raises psycopg.Error."""
    asked_at = datetime.now(UTC)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    if row is not None and isinstance(row[0], datetime):
        clock.compare(row[0], asked_at=asked_at)


def ask() -> None:
    """Ask the database for the time once; while it is away, the last correction stands."""
    parameters = {**connections["default"].get_connection_params(), "connect_timeout": int(LIMIT.total_seconds())}
    try:
        with psycopg.connect(**parameters, autocommit=True) as connection:
            compare(connection)
    except psycopg.Error as error:
        log.warning("time_not_compared", error=str(error))


class Timekeeper:
    """A WSGI application that has the right time: it asks before its first request, then with one a minute.

    No request waits for that, nor asks within its own transaction.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._mutex = threading.Lock()
        self._next = time.monotonic() + EVERY.total_seconds()
        ask()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request."""
        if self._is_due():
            threading.Thread(target=ask, name="timekeeping", daemon=True).start()
        return self._application(environ, start_response)

    def _is_due(self) -> bool:
        with self._mutex:
            if time.monotonic() < self._next:
                return False
            self._next = time.monotonic() + EVERY.total_seconds()
            return True
