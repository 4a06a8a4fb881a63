"""Who this process is to the other workers: a number whose advisory lock it holds for as long as it lives.

The lock ends with the process, its connection or its machine, whichever goes first, and with it every lease that the
number holds is free to be taken back at once.
"""

from __future__ import annotations

import secrets
import threading

import psycopg
import structlog
from django.db import connections

from apps.engine import timekeeping

log = structlog.get_logger(__name__)

#: The upper 32 bits of every identity, which tell the engine's advisory locks from others of the same database.
NAMESPACE = 0x00AD0E

#: SQL for the identities of all workers that live.
LIVING = f"""
    SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
     WHERE locktype = 'advisory' AND classid = {NAMESPACE} AND objsubid = 1 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608  (a constant of this module)

# The client notices a dead server, and the server a dead client, within about ten seconds.
_CLIENT_KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_SERVER_KEEPALIVE = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"


class Identity:
    """The identity of one worker process, shared by its threads; taken when first asked for."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._number = 0

    def number(self) -> int:
        """Return the number, whose lock was held an instant ago; a new one if the old lock was lost.

        From then on ``core.clock`` goes by the database's clock if this machine's is off: who is on call, or whether a
        hold is over, is then the same whichever worker decides it.

        Raises psycopg.Error while the database cannot be reached.
        """
        with self._mutex:
            if self._connection is None or not _answers(self._connection):
                self._connection, self._number = _take()
                _answers(self._connection)
            return self._number

    def release(self) -> None:
        """Give the identity up; leases it still holds are taken back by whoever works next."""
        with self._mutex:
            if self._connection is not None and _answers(self._connection):
                self._connection.execute("SELECT pg_advisory_unlock_all()")
                self._connection.close()
            self._connection = None


def _take() -> tuple[psycopg.Connection[tuple[object, ...]], int]:
    parameters = {**connections["default"].get_connection_params(), **_CLIENT_KEEPALIVE}
    parameters["application_name"] = "ado_engine"
    connection = psycopg.connect(**parameters, autocommit=True)
    try:
        connection.execute(_SERVER_KEEPALIVE)
        while True:
            number = (NAMESPACE << 32) | secrets.randbits(32)
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()
            if row is not None and row[0]:
                log.info("engine_identity_taken", worker=number)
                return connection, number
    except BaseException:
        connection.close()
        raise


def _answers(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    """Whether the database still does; what time it has is compared with ours on the way."""
    try:
        timekeeping.compare(connection)
    except psycopg.Error as error:
        log.warning("engine_identity_lost", error=str(error))
        connection.close()
        return False
    return True


#: This process.
me = Identity()
