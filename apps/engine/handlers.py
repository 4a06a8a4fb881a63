"""The engine's own timers."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings

from apps.core import clock
from apps.engine.models import State, Timer
from apps.engine.registry import Lane, recurring

#: So many rows go at a time, and for so long: the rest waits for the next day.
BATCH = 5_000
BUDGET = timedelta(minutes=1)


@recurring("engine.sweep", every=timedelta(days=1), lane=Lane.BULK, transactional=False)
def sweep(timer: Timer) -> None:
    """Delete what was done or cancelled longer ago than ENGINE_KEEPS_FINISHED; the dead stay until they are run again.

    Each batch is a transaction of its own, so that no lock or snapshot is held for long.
    """
    until = time.monotonic() + BUDGET.total_seconds()
    old = Timer.objects.filter(
        state__in=(State.DONE, State.CANCELLED), finished_at__lt=clock.now() - settings.ENGINE_KEEPS_FINISHED
    ).order_by("finished_at")
    while time.monotonic() < until:
        deleted, _ = Timer.objects.filter(pk__in=old.values("pk")[:BATCH]).delete()
        if deleted < BATCH:
            return
