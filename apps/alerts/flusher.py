"""Group commit: one thread writes the bodies of all requests that wait, in one transaction, then lets them answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import structlog
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db import Error as DatabaseFailure

from apps.alerts.handlers import PROCESS_INBOX
from apps.core.errors import HouseError
from apps.engine import actions as engine
from apps.engine import wake
from apps.engine.models import Lane

log = structlog.get_logger(__name__)

#: How long (seconds) a request waits for its commit before it tells the sender to come again.
PATIENCE = 5.0

#: One transaction takes at most so much; the rest goes with the next.
LARGEST_GROUP = 500
LARGEST_GROUP_BYTES = 8 * 1024 * 1024

#: A worker is called at most once in so many seconds: one that was called works on until the inbox is empty.
CALLS_EVERY = 0.1

# An integration that was switched off meanwhile gets nothing stored, and its request a refusal.
_INSERT = """
    INSERT INTO alerts_inboxentry (integration_id, body, envelope)
    SELECT integration.id, posted.body, posted.envelope::jsonb
      FROM unnest(%b::bigint[], %b::bytea[], %b::text[])
           WITH ORDINALITY AS posted (integration_id, body, envelope, position)
      JOIN alerts_integration AS integration ON integration.id = posted.integration_id AND integration.is_active
     ORDER BY posted.position
    RETURNING integration_id
"""


class NotStored(HouseError):
    """The body could not be stored in time, and may not have been: the sender must send it again."""


class Revoked(HouseError):
    """The integration was switched off since its key was looked up."""


@dataclass(slots=True)
class Posted:
    """A body that waits to be stored, and where its request waits for the outcome."""

    integration_id: int
    body: bytes
    envelope: str
    give_up_at: float
    outcome: SimpleQueue[HouseError | None] = field(default_factory=SimpleQueue)


class Flusher:
    """Stores bodies durably for the threads of one process, over a database connection of its own.

    Its thread starts with the first body, in the process that serves: one that was forked off starts its own.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._queue: SimpleQueue[Posted | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._call_at: float | None = None
        self._called_at = 0.0

    def store(self, integration_id: int, body: bytes, envelope: Mapping[str, str]) -> None:
        """Return once ``body`` is committed to the inbox and its handling planned; ``envelope``: storable texts.

        Raises NotStored if that did not happen within PATIENCE, Revoked if the integration is no longer active.
        """
        self._start()
        posted = Posted(integration_id, body, json.dumps(dict(envelope)), give_up_at=time.monotonic() + PATIENCE)
        self._queue.put(posted)
        try:
            failure = posted.outcome.get(timeout=PATIENCE)
        except Empty:
            raise NotStored("The database did not answer in time.") from None
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the thread and its connection after what it has before it; the next body starts them anew."""
        with self._mutex:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._queue.put(None)
                thread.join()

    def _start(self) -> None:
        if self._is_running():
            return
        with self._mutex:
            if not self._is_running():
                self._queue = SimpleQueue()
                self._thread = threading.Thread(target=self._run, args=(self._queue,), name="inbox", daemon=True)
                self._thread.start()

    def _is_running(self) -> bool:
        """Whether the thread lives in this process: in one that was forked off, its parent's does not."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self, queue: SimpleQueue[Posted | None]) -> None:
        _connect_impatiently()
        try:
            while group := self._next_group(queue):
                self._flush(group)
            if self._call_at is not None:
                self._call_a_worker()
        finally:
            connection.close()

    def _next_group(self, queue: SimpleQueue[Posted | None]) -> list[Posted]:
        """Everything that waits, up to the bounds of a group; waits for the first. Empty at the end."""
        group: list[Posted] = []
        size = 0
        while len(group) < LARGEST_GROUP and size < LARGEST_GROUP_BYTES:
            try:
                posted = queue.get_nowait() if group else self._first(queue)
            except Empty:
                break
            if posted is None:
                queue.put(None)  # seen again once this group is stored
                break
            if time.monotonic() < posted.give_up_at:  # whoever gave up has been told to send it again
                group.append(posted)
                size += len(posted.body)
        return group

    def _first(self, queue: SimpleQueue[Posted | None]) -> Posted | None:
        """The next body; a call that was put off is made meanwhile."""
        if self._call_at is not None:
            try:
                return queue.get(timeout=max(0.0, self._call_at - time.monotonic()))
            except Empty:
                self._call_a_worker()
        return queue.get()

    def _flush(self, group: Sequence[Posted]) -> None:
        """Store the group, see to it that somebody handles it, and let its requests answer."""
        try:
            stored = _store_group(group)
        except Exception as error:  # noqa: BLE001  whatever failed, each request must hear of it and the thread go on
            log.error("inbox_not_stored", bodies=len(group), error=f"{type(error).__name__}: {error}")
            _answer(group, dict.fromkeys((posted.integration_id for posted in group), NotStored("Not stored.")))
            return
        is_calm = time.monotonic() >= self._called_at + CALLS_EVERY
        if is_calm:
            self._plan_handling()
        _answer(group, dict.fromkeys(stored))
        if is_calm:
            wake.now(Lane.PAGES)
        else:
            self._call_at = self._called_at + CALLS_EVERY

    def _call_a_worker(self) -> None:
        self._plan_handling()
        wake.now(Lane.PAGES)

    def _plan_handling(self) -> None:
        """Make sure of a timer that begins after the last commit; in a storm one for what came in CALLS_EVERY.

        If that fails, or this process ends before it, what is stored is found by the next look into the inbox.
        """
        self._call_at = None
        self._called_at = time.monotonic()
        try:
            engine.ensure_due(PROCESS_INBOX, key=PROCESS_INBOX)
        except DatabaseFailure as error:
            log.warning("inbox_handling_not_planned", error=str(error))
            connection.close()


def _store_group(group: Sequence[Posted]) -> frozenset[int]:
    """Store the group and return whose bodies are stored.

    If the connection has died, over a new one: what then was stored twice is one alert.
    """
    try:
        return _insert(group)
    except (OperationalError, InterfaceError) as error:
        log.warning("inbox_connection_lost", error=str(error))
        connection.close()
        return _insert(group)


def _insert(group: Sequence[Posted]) -> frozenset[int]:
    with connection.cursor() as cursor:
        columns = zip(*((posted.integration_id, posted.body, posted.envelope) for posted in group), strict=True)
        cursor.execute(_INSERT, [list(column) for column in columns])
        return frozenset(row[0] for row in cursor.fetchall())


def _answer(group: Sequence[Posted], outcomes: Mapping[int, HouseError | None]) -> None:
    revoked = Revoked("The integration was switched off.")
    for posted in group:
        posted.outcome.put(outcomes.get(posted.integration_id, revoked))


def _connect_impatiently() -> None:
    """Give this thread a connection that waits no longer than its requests do, and commits durably."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    limit = int(PATIENCE * 1000)
    own.settings_dict = {
        **own.settings_dict,
        "OPTIONS": {
            **own.settings_dict["OPTIONS"],
            "application_name": "ado_incidents inbox",
            "connect_timeout": int(PATIENCE),
            "tcp_user_timeout": limit,
            "options": f"-c statement_timeout={limit} -c synchronous_commit=on",
            "server_side_binding": True,  # bodies travel as they are, and the statement is planned once
            "prepare_threshold": 0,
        },
    }
    connections[DEFAULT_DB_ALIAS] = own
