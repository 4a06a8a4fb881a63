"""The engine with no broker: a loop that works the lanes itself, beside Celery or in its place."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import structlog
from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from apps.engine import queries, registry, worker
from apps.engine.identity import me
from apps.engine.models import Lane

log = structlog.get_logger(__name__)

PULSE = timedelta(seconds=1)


def run(*, stop: threading.Event, lanes: Sequence[Lane] = tuple(Lane), standby: timedelta | None = None) -> None:
    """Work ``lanes`` until ``stop`` is set; then end what has begun and return.

    With ``standby``, work only while something has been due for longer than that: whoever else works the lanes is
    then too slow or gone. Outlasts a database that goes away.
    """
    watching = Watching()
    with ThreadPoolExecutor(sum(worker.SLOTS[lane] for lane in lanes), "engine") as threads:
        while not stop.is_set():
            if _is_needed(lanes, standby):
                for lane in lanes:
                    for _ in range(worker.slots[lane].free):
                        threads.submit(worker.tick, lane, budget=PULSE, stop=stop)
            watching.look()
            stop.wait(PULSE.total_seconds())
    me.release()


class Watching:
    """Calls each watch when its time has come; one that fails is tried again at its next time."""

    def __init__(self) -> None:
        self._due = [(watch, worker.Every(watch.every)) for watch in registry.watches()]

    def look(self) -> None:
        """Call what is due. Never raises."""
        for watch, every in self._due:
            if not every.is_due():
                continue
            try:
                close_old_connections()
                watch.function()
            except Exception:  # a watch that fails must not take the engine with it
                log.exception("watch_failed", watch=watch.name)


def _is_needed(lanes: Sequence[Lane], standby: timedelta | None) -> bool:
    try:
        close_old_connections()
        worker_number = me.number()  # counted among the living even while it stands by
        longest = max(queries.lag(lanes).values())
    except (DatabaseFailure, psycopg.Error) as error:
        log.warning("engine_waits_for_database", error=str(error))
        return False
    if standby is None:
        return True
    if longest > standby.total_seconds():
        log.warning("standby_takes_over", worker=worker_number, lag=round(longest, 1))
        return True
    return False
