"""Celery: the engine's pulse. It carries no state; what is due stands in PostgreSQL."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_init

from apps.core.threads import take_short_turns

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ado_incidents.settings")

app = Celery("ado_incidents")
app.config_from_object("django.conf:settings", namespace="CELERY")
# The engine looks after its connections (``worker.tick``). Left to itself, Celery closes them before and after every
# task, and every tick of every lane begins with a new one. The name is read as it stands, without the namespace.
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
app.autodiscover_tasks()

take_short_turns()

#: How far a worker of chores stands back (see nice(1)).
NICE = 10
AUTOGROUP = Path("/proc/self/autogroup")


@worker_init.connect  # type: ignore[untyped-decorator]  # celery has no types
def give_way_to_pages(sender: Any, **_: Any) -> None:
    """A worker that works no pages leaves the processor to whoever declares and pages."""
    if "pages" in sender.app.amqp.queues:
        return
    os.nice(NICE)
    if os.getsid(0) == os.getpid():
        # Where the kernel shares the processor among sessions first, niceness counts only within one (sched(7)).
        with suppress(OSError):
            AUTOGROUP.write_text(str(NICE))
