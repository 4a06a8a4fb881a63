"""Kinds of timers that break things. Every process of a house knows them; nobody plans them but the cases."""

from __future__ import annotations

import os
import signal

from apps.engine.models import Timer
from apps.engine.registry import Lane, handler

POISON = "faults.poison"
MURDER = "faults.murder"
ATTEMPTS = 3


@handler(POISON, lane=Lane.PAGES, attempts=ATTEMPTS)
def poison(timer: Timer) -> None:
    """Always raise."""
    raise ZeroDivisionError("This timer can never be handled.")


@handler(MURDER, lane=Lane.PAGES, attempts=ATTEMPTS, transactional=False)
def murder(timer: Timer) -> None:
    """Always end the worker."""
    os.kill(os.getpid(), signal.SIGKILL)
