"""Waking a lane at once, through the broker. Only a hint: the next tick finds what a lost one was about."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.connection import Connection

from apps.engine.models import Lane

log = structlog.get_logger(__name__)

#: A hint this old (seconds) is worth nothing: several ticks have looked since.
_EXPIRES = 5


class Waker:
    """Sends hints, each thread over its own connection; rests for a while after a failure."""

    def __init__(self) -> None:
        self._mine = threading.local()
        self._rests_until = 0.0

    def now(self, lane: Lane) -> None:
        """Wake a worker of ``lane``. Costs at most WAKE_LIMIT, never raises, is silent without a broker."""
        if not settings.REDIS_URL or time.monotonic() < self._rests_until:
            return
        try:
            current_app.send_task(
                "engine.tick",
                args=[lane.value],
                queue=lane.value,
                expires=_EXPIRES,
                retry=False,
                ignore_result=True,
                connection=self._connection(),
            )
        except Exception as error:  # noqa: BLE001  what was committed is found by the next tick, whatever failed here
            self._rests_until = time.monotonic() + settings.WAKE_PAUSE_AFTER_FAILURE.total_seconds()
            self._mine.connection = None
            log.warning("wake_failed", lane=lane.value, error=str(error))

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            limit = settings.WAKE_LIMIT.total_seconds()
            connection = self._mine.connection = current_app.connection_for_write(
                transport_options={"socket_timeout": limit, "socket_connect_timeout": limit, "max_retries": 0}
            )
        return connection


_waker = Waker()
now: Callable[[Lane], None] = _waker.now
_hooks: dict[Lane, Callable[[], None]] = {lane: partial(_waker.now, lane) for lane in Lane}


def after_commit(lane: Lane) -> None:
    """Wake ``lane`` once the running transaction has committed, once however often it is asked; at once without one."""
    connection = transaction.get_connection()
    hook = _hooks[lane]
    # A hook of a savepoint that is rolled back goes with it; only one of a savepoint we are within still counts.
    within = set(connection.savepoint_ids)
    if not any(planned is hook and savepoints <= within for savepoints, planned, _ in connection.run_on_commit):
        transaction.on_commit(hook, robust=True)
