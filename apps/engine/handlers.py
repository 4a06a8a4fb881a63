"""The engine's own timers."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import QuerySet

from apps.core import retention
from apps.engine.models import State, Timer
from apps.engine.registry import Lane, recurring

#: For so long each kind of data is swept: the rest waits for the next day.
BUDGET = timedelta(minutes=1)

log = structlog.get_logger(__name__)


def _finished(before: datetime) -> QuerySet[Timer]:
    return Timer.objects.filter(state__in=(State.DONE, State.CANCELLED), finished_at__lt=before)


retention.keep(
    "timers",
    "What the engine did or did not have to do; what it gave up stays until it is run again",
    span=lambda: settings.ENGINE_KEEPS_FINISHED,
    rows=_finished,
)


@recurring("engine.sweep", every=timedelta(days=1), lane=Lane.BULK, transactional=False)
def sweep(timer: Timer) -> None:
    """Take away what was kept long enough, of every kind that an app told of (``core.retention``).

    Each batch is a transaction of its own, so that no lock or snapshot is held for long.
    """
    for kept in retention.kinds():
        gone = retention.sweep(kept, until=time.monotonic() + BUDGET.total_seconds())
        if gone:
            log.info("swept", kind=kept.kind, rows=gone)
