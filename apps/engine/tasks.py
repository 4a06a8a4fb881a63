"""What beat and the wake-ups call."""

from __future__ import annotations

from celery import shared_task

from apps.engine import worker
from apps.engine.models import Lane


@shared_task(name="engine.tick", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def tick(lane: str) -> None:
    """Work ``lane`` off; see ``worker.tick``."""
    worker.tick(Lane(lane))
