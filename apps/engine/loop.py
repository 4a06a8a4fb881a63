"""The engine with no broker: a loop that works the lanes itself, beside Celery or in its place."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import structlog
from django.db import Error as DatabaseFailure
from django.db import close_old_connections, connection

from apps.engine import queries, registry, worker
from apps.engine.identity import me
from apps.engine.models import Lane
from apps.engine.registry import Watch

log = structlog.get_logger(__name__)

PULSE = timedelta(seconds=1)


def run(*, stop: threading.Event, lanes: Sequence[Lane] = tuple(Lane), standby: timedelta | None = None) -> None:
    """Work ``lanes`` until ``stop`` is set; then end what has begun and return.

    With ``standby``, work only a lane in which something has been due for longer than that: whoever else works it is
    then too slow or gone. Chores (all but pages) may be slow: they are left to whoever has done one in that span.
    Outlasts a database that goes away.
    """
    watchers = [
        threading.Thread(target=_keep_watch, args=(watch, stop), name=watch.name) for watch in registry.watches()
    ]
    for watcher in watchers:
        watcher.start()
    keep_going(stop=stop, lanes=lanes, standby=standby)
    for watcher in watchers:
        watcher.join()
    me.release()


def keep_going(*, stop: threading.Event, lanes: Sequence[Lane], standby: timedelta | None) -> None:
    """The loop of ``run`` alone, for a process that others watch."""
    with ThreadPoolExecutor(sum(worker.SLOTS[lane] for lane in lanes), "engine") as threads:
        while not stop.is_set():
            try:
                for lane in _needed(lanes, standby):
                    for _ in range(worker.slots[lane].free):
                        threads.submit(worker.tick, lane, budget=PULSE, stop=stop)
            except Exception:  # whatever it is, the next second is another try: nobody stands by for whoever stands by
                log.exception("pulse_failed")
            stop.wait(PULSE.total_seconds())


def _keep_watch(watch: Watch, stop: threading.Event) -> None:
    """Call the watch until ``stop`` is set, in a thread of its own: one that hangs holds up nobody else."""
    while not stop.is_set():
        try:
            close_old_connections()
            watch.function()
        except Exception:  # it is called again at its next time, whatever it was
            log.exception("watch_failed", watch=watch.name)
        finally:
            connection.close()
        stop.wait(watch.every.total_seconds())


def _needed(lanes: Sequence[Lane], standby: timedelta | None) -> list[Lane]:
    """The lanes to work now."""
    try:
        close_old_connections()
        worker_number = me.number()  # counted among the living even while it stands by
        if standby is None:
            return list(lanes)
        late = {lane: age for lane, age in queries.lag(lanes).items() if age > standby.total_seconds()}
        needed = [Lane(lane) for lane in late if lane == Lane.PAGES or not queries.is_worked(lane, within=standby)]
    except (DatabaseFailure, psycopg.Error) as error:
        log.warning("engine_waits_for_database", error=str(error))
        return []
    for lane in needed:
        log.warning("standby_takes_over", worker=worker_number, lane=lane.value, lag=round(late[lane], 1))
    return needed
