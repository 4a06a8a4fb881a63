"""What the processes of a house have in common: the product, imported, and the kinds of timers that break things."""

from __future__ import annotations

import django

django.setup()

import celery.__main__  # noqa: E402  (a worker imports them at its start; here it finds them)
import celery.apps.beat  # noqa: E402
import celery.apps.worker  # noqa: E402
import celery.concurrency.thread  # noqa: E402, F401
import django.core.checks  # noqa: E402
import kombu.transport.redis  # noqa: E402, F401

import faults.kinds  # noqa: E402, F401  (registers them)

django.core.checks.run_checks()  # as a worker does at its start: what that imports is there then, too
