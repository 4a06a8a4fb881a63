"""How a timer leaves its lease: done, to be tried again, superseded or dead.

Each of these writes only while the lease is still the one that was claimed (same worker, same attempt), and raises
LeaseLost otherwise.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, QuerySet
from django.db.models.expressions import RawSQL

from apps.core import clock, events
from apps.core.errors import ProviderError
from apps.engine import actions, registry, rules
from apps.engine.models import State, Timer
from apps.engine.registry import Handler

log = structlog.get_logger(__name__)

#: The event of a timer that was given up; its subject is the timer.
TIMER_DEAD = "engine.timer_dead"


class LeaseLost(Exception):
    """Somebody else took the timer over meanwhile; what was done for it in this transaction must not stand."""


@transaction.atomic(savepoint=False)
def complete(timer: Timer, known: Handler) -> None:
    """Mark ``timer`` done, and plan the next one of a kind that recurs, in one transaction."""
    _leave(timer, state=State.DONE, finished_at=clock.now(), last_error="")
    if known.every is not None and timer.key == registry.key_of_recurrence(timer.kind):
        due_at = rules.next_occurrence(timer.due_at, every=known.every, now=clock.now())
        actions.schedule(timer.kind, due_at=due_at, key=timer.key)


@transaction.atomic
def fail(timer: Timer, known: Handler, error: Exception) -> None:
    """Plan another attempt after ``error``, or give ``timer`` up if none is of use or none is left.

    What the circuit of a provider met is no attempt, for rules.SPARED_FOR after the timer was planned: it comes again
    when that may be tried, and whoever comes first tries for all.
    """
    provider = error if isinstance(error, ProviderError) else None
    text = _describe(error)
    log.warning("timer_failed", timer=timer.pk, kind=timer.kind, key=timer.key, attempts=timer.attempts, error=text)
    if provider is not None and provider.of_the_circuit and clock.now() < timer.created_at + rules.SPARED_FOR:
        pause = rules.pause_after(1, jitter=_jitter(), retry_after=provider.retry_after)
        _try_again(timer, pause, text, attempts=timer.attempts - 1)
        return
    if (provider is not None and provider.permanent) or timer.attempts >= known.attempts:
        _give_up(timer, text)
        return
    retry_after = provider.retry_after if provider is not None else None
    _try_again(timer, rules.pause_after(timer.attempts, jitter=_jitter(), retry_after=retry_after), text)


@transaction.atomic
def lose(timer: Timer) -> None:
    """Plan another attempt of a ``timer`` whose worker was lost, or give it up if it was the last.

    What need not wait keeps its place: a page that was being sent goes out before what has become due since.
    """
    text = f"Attempt {timer.attempts} did not end: its worker was lost or took too long."
    log.warning("timer_taken_back", timer=timer.pk, kind=timer.kind, key=timer.key, worker=timer.leased_by)
    known = registry.handler_of(timer.kind)
    if known is not None and timer.attempts >= known.attempts:
        _give_up(timer, text)
        return
    _try_again(timer, rules.pause_after_loss(timer.attempts, jitter=_jitter()), text, keep_place=True)


@transaction.atomic
def postpone(timer: Timer) -> None:
    """Keep a ``timer`` whose kind this version does not know for one that does; this was no attempt."""
    log.error("timer_of_unknown_kind", timer=timer.pk, kind=timer.kind, key=timer.key)
    text = f"This version has no handler for timers of kind {timer.kind}."
    _try_again(timer, rules.UNKNOWN_KIND_PAUSE, text, attempts=timer.attempts - 1)


def _try_again(
    timer: Timer, pause: timedelta, error: str, *, attempts: int | None = None, keep_place: bool = False
) -> None:
    stays = keep_place and not pause
    try:
        with transaction.atomic():
            _leave(
                timer,
                state=State.PENDING,
                due_at=timer.due_at if stays else database_now() + pause,
                last_error=error,
                attempts=timer.attempts if attempts is None else attempts,
            )
    except IntegrityError:
        # The key was scheduled anew while this attempt ran. Scheduling twice is scheduling once, so the newer stands.
        _leave(timer, state=State.CANCELLED, finished_at=clock.now(), last_error=f"{error} (superseded by a newer one)")


def _give_up(timer: Timer, error: str) -> None:
    _leave(timer, state=State.DEAD, finished_at=clock.now(), last_error=error)
    timer.state, timer.last_error = State.DEAD, error
    log.error("timer_dead", timer=timer.pk, kind=timer.kind, key=timer.key, attempts=timer.attempts, error=error)
    for reaction in registry.reactions_to_death(timer.kind):
        _react(timer, partial(reaction, timer, error))
    _react(timer, partial(events.publish, TIMER_DEAD, timer))


def _react(timer: Timer, call: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            call()
    except Exception:  # a fault in a reaction must neither keep the timer from being dead nor the next reaction away
        log.exception("reaction_to_dead_timer_failed", timer=timer.pk, kind=timer.kind)


def _leave(timer: Timer, **changes: object) -> None:
    if not _held(timer).update(leased_by=None, lease_until=None, **changes):
        raise LeaseLost(f"{timer} is no longer leased to worker {timer.leased_by} in attempt {timer.attempts}.")


def _held(timer: Timer) -> QuerySet[Timer]:
    return Timer.objects.filter(pk=timer.pk, state=State.LEASED, leased_by=timer.leased_by, attempts=timer.attempts)


def database_now() -> RawSQL:
    """The present instant by the database's clock, as an expression."""
    return RawSQL(clock.DATABASE_NOW, [clock.standing()], output_field=DateTimeField())  # noqa: S611  (a constant)


def _jitter() -> float:
    return random.random()  # noqa: S311  (it spreads attempts; nothing depends on its being hard to guess)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]
