"""A worker in a process of its own, with kinds for the tests: ``worker_process.py [arguments of engine run]``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django

django.setup()

from django.core.management import call_command  # noqa: E402  (needs the path)

from apps.engine import actions  # noqa: E402  (needs the app registry)
from apps.engine.models import Timer  # noqa: E402
from apps.engine.registry import Lane, handler  # noqa: E402


@handler("test.effect", lane=Lane.BULK)
def effect(timer: Timer) -> None:
    """Never due: its rows are the effects that the tests count."""


@handler("test.work", lane=Lane.WORK)
def work(timer: Timer) -> None:
    """Leave one effect, after ``payload["seconds"]``, in the transaction of the timer's completion."""
    actions.schedule(
        "test.effect", due_at=timer.due_at.replace(year=2100), key=f"effect:{timer.key}", payload={"pid": os.getpid()}
    )
    time.sleep(timer.payload["seconds"])


if __name__ == "__main__":
    call_command("engine", "run", *sys.argv[1:])
