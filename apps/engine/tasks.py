"""What beat and the wake-ups call, and what a worker does that they do not reach."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down

from apps.core.insisting import ending
from apps.engine import loop, worker
from apps.engine.models import Lane

#: What is due for longer than this in a lane of a worker's, it works off without being told to.
PATIENCE = timedelta(seconds=5)

_ends = threading.Event()


@shared_task(name="engine.tick", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def tick(lane: str) -> None:
    """Work ``lane`` off; see ``worker.tick``."""
    worker.tick(Lane(lane))


@worker_ready.connect  # type: ignore[untyped-decorator]
def stand_by_for_oneself(sender: Any, **_: Any) -> None:
    """Go on without a broker, or beside one that came back and does not have its consumers back, as a standby does."""
    lanes = [lane for lane in Lane if lane in sender.app.amqp.queues]
    known = {"stop": _ends, "lanes": lanes, "standby": PATIENCE}
    threading.Thread(target=loop.keep_going, kwargs=known, name="standby", daemon=True).start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def stand_by_no_more(**_: Any) -> None:
    """End what has begun, and begin nothing more."""
    _ends.set()
    ending.set()
