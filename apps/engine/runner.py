"""Handling what is due: one timer, or everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from django.db import Error as DatabaseFailure
from django.db import transaction

from apps.core import origins
from apps.core.insisting import insist
from apps.engine import actions, leases, outcomes, queries, registry
from apps.engine.models import Lane, Timer

log = structlog.get_logger(__name__)

#: For so long a worker tries to write what became of a timer that it holds: less than the lease.
RECORDED_WITHIN = timedelta(seconds=40)


def run_due(*, lane: Lane | None = None, limit: int | None = None) -> int:
    """Handle everything that is due, in due order, what handlers schedule as due now included; return how many.

    Of ``lane`` or of all, ``limit`` at most. What fails is planned again and does not come back within the call
    while the clock stands.
    """
    leases.take_back()
    handled = 0
    while limit is None or handled < limit:
        chosen = lane or queries.lane_of_longest_due()
        claimed = leases.claim(chosen, since=leases.BEGINNING) if chosen else []
        if not claimed:
            break
        for timer in claimed:
            handle(timer)
        handled += len(claimed)
    return handled


def handle(timer: Timer) -> None:
    """Run the handler of a claimed ``timer`` and record the outcome. What the handler raises ends here."""
    known = registry.handler_of(timer.kind)
    if known is None:
        _record(timer, partial(outcomes.postpone, timer))
        return
    before = actions.handled.set(timer)
    try:
        with origins.within(origins.Origin(request=f"{timer.kind} {timer.pk}"[: origins.LONGEST_REQUEST_ID])):
            _run(timer, known)
    except outcomes.LeaseLost as lost:
        log.warning("timer_lease_lost", timer=timer.pk, kind=timer.kind, reason=str(lost))
    except Exception as error:  # noqa: BLE001  whatever a handler raises is its timer's failure, never the worker's
        _record(timer, partial(outcomes.fail, timer, known, error))
    finally:
        actions.handled.reset(before)


def _run(timer: Timer, known: registry.Handler) -> None:
    if known.transactional:
        with transaction.atomic():
            known.function(timer)
            outcomes.complete(timer, known)
    else:
        known.function(timer)
        _record(timer, partial(outcomes.complete, timer, known))


def _record(timer: Timer, outcome: Callable[[], None]) -> None:
    """Write ``outcome``, however long that takes within the lease; else the end of the lease brings the timer back."""
    try:
        insist(outcome, within=RECORDED_WITHIN, what=f"{timer}")
    except outcomes.LeaseLost as lost:
        log.warning("timer_lease_lost", timer=timer.pk, kind=timer.kind, reason=str(lost))
    except DatabaseFailure as error:
        log.error("outcome_lost", timer=timer.pk, kind=timer.kind, error=str(error))
