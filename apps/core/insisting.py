"""Writes that cannot be done again: what they tell of has happened, and is forgotten if they are not made."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0

#: Set once the process is to end: from then on nothing is waited for.
ending = threading.Event()


def insist(write: Callable[[], Result], *, within: timedelta, what: str) -> Result:
    """What ``write`` returns; tried again, over a new connection if the old one died, while the database fails.

    It may be away, restart, have a full disk, or have chosen this write to end a deadlock. ``write`` must bear being
    called again after it succeeded: the answer to a commit may be what was lost. Raises the last error once ``within``
    is over or the process is to end, and at once what another attempt would meet as well.
    """
    deadline, pause = time.monotonic() + within.total_seconds(), FIRST_PAUSE
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + pause > deadline:
                raise
            log.warning("not_recorded_yet", what=what, error=str(error))
            close_old_connections()
            if ending.wait(pause):
                raise
            pause = min(pause * 2, LONGEST_PAUSE)
