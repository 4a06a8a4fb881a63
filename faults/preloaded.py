"""What the processes of a house have in common: the product, imported, and the kinds of timers that break things."""

from __future__ import annotations

from importlib import import_module

import django
from django.core.checks import run_checks

#: What a worker and beat import at their start: here they find it there.
STARTED_WITH = (
    "celery.__main__", "celery.apps.beat", "celery.apps.worker", "celery.bin.celery", "celery.concurrency.thread",
    "celery.worker.consumer", "celery.worker.worker", "kombu.transport.redis",
)  # fmt: skip

django.setup()
for name in STARTED_WITH:
    import_module(name)
import_module("faults.kinds")  # registers them
run_checks()  # as a worker does at its start, with all that this imports
