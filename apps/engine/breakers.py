"""Circuit breakers: a provider that is broken is left alone for a while, by all processes together.

A circuit is closed without a row, and a call that goes well through it costs one read and writes nothing.
BREAKER_FAILURES calls that fail in a row open it (one that hangs weighs as three), or a single one that is refused to
us whatever it says: for 5 s at first and for 30 s at most. Then exactly one caller tries, and what it meets closes or
opens it again. Every instant is the database's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import close_old_connections, connection, transaction

from apps.core import clock, events
from apps.core.errors import ProviderError
from apps.engine import rules
from apps.engine.models import Breaker
from apps.engine.outcomes import database_now
from apps.engine.rules import Verdict

log = structlog.get_logger(__name__)

#: The events of a circuit that opened, the first time in a row, of one that holds because the provider asked for
#: patience, the first time since it was closed, and of one that closed; their subject is the Breaker.
CIRCUIT_OPENED = "engine.circuit_opened"
CIRCUIT_HELD = "engine.circuit_held"
CIRCUIT_CLOSED = "engine.circuit_closed"

#: A trial that has not ended after this span counts as lost (its process was killed), and another is made.
TRIAL = timedelta(seconds=30)

#: Whoever comes while somebody tries is asked to come back after this span.
PAUSE_DURING_TRIAL = timedelta(seconds=1)

_STANDING = f"""
    SELECT extract(epoch FROM open_until - {clock.DATABASE_NOW})::float8, failures
      FROM engine_breaker WHERE provider = %s AND (open_until IS NOT NULL OR failures > 0)
"""  # noqa: S608  (a constant of the house)

_TRY = f"""
    WITH instant AS MATERIALIZED (SELECT {clock.DATABASE_NOW} AS now)
    UPDATE engine_breaker SET trial_until = instant.now + %s::interval
      FROM instant
     WHERE provider = %s AND open_until <= instant.now AND (trial_until IS NULL OR trial_until <= instant.now)
    RETURNING trial_until
"""  # noqa: S608  (a constant of the house)


class CircuitOpen(ProviderError):
    """The provider is not called now, because it failed before; ``retry_after`` says when it may be."""

    of_the_circuit = True


class _Call(NamedTuple):
    """What a caller met: whether calls failed before, and until when its trial counts: an instant nobody else has.

    ``begun`` is by ``time.monotonic``.
    """

    begun: float
    after_failures: bool
    trial_until: datetime | None = None


@contextmanager
def through(provider: str) -> Iterator[None]:
    """Call ``provider`` in the block, if its circuit is closed; the block says by ProviderError how it went.

    What counts as a failure is decided by ``rules.verdict``: a refusal about one address never opens the circuit, and
    one that names when to come back (Retry-After) is obeyed by all callers without counting as a failure. Raises
    CircuitOpen without entering the block, RuntimeError within a transaction: nobody calls a provider in one (law 5),
    and what is counted here must stand whatever the caller rolls back. What the block raises is raised again, also
    if the database went away meanwhile and it could not be counted; a trial that fails is marked ``of_the_circuit``.
    """
    call = _enter(provider)
    try:
        yield
    except CircuitOpen:  # of another provider's circuit, within the block
        _note(partial(_leave_undecided, provider, call))
        raise
    except Exception as error:
        if isinstance(error, ProviderError) and call.trial_until is not None:
            error.of_the_circuit = rules.verdict(error) in (Verdict.BROKEN, Verdict.BUSY)
        _note(partial(_conclude, provider, call, error))
        raise
    _note(partial(_conclude, provider, call, None))


def is_closed(provider: str) -> bool:
    """Whether calls go through, for what can be left undone and must neither try nor count."""
    return not Breaker.objects.filter(provider=provider, open_until__isnull=False).exists()


@transaction.atomic
def close(provider: str) -> bool:
    """Let ``provider`` be called again at once, for somebody who knows that it works; return whether it was open."""
    was_open = Breaker.objects.filter(provider=provider, open_until__isnull=False).update(**_closed())
    if was_open:
        _announce_closed(provider)
    return bool(was_open)


def forget(within: str, *, unchanged_since: datetime) -> None:
    """Forget the circuits with ``within`` in their names that nothing happened to since: one anew begins closed."""
    Breaker.objects.filter(provider__contains=within, changed_at__lt=unchanged_since).delete()


def _enter(provider: str) -> _Call:
    """Whether calls failed before, and the trial to make where the circuit is not closed. Raises CircuitOpen."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_STANDING, [clock.standing(), provider])
        standing = cursor.fetchone()
        begun = time.monotonic()
        if standing is None:
            return _Call(begun, after_failures=False)
        remaining: float | None = standing[0]
        if remaining is None:
            return _Call(begun, after_failures=True)
        if remaining <= 0:
            values: list[Any] = [clock.standing(), TRIAL, provider]
            cursor.execute(_TRY, values)
            taken = cursor.fetchone()
            if taken is not None:
                log.info("circuit_tried", provider=provider)
                return _Call(begun, after_failures=True, trial_until=taken[0])
            remaining = PAUSE_DURING_TRIAL.total_seconds()
    raise CircuitOpen(f"{provider} failed and is left alone for {remaining:.0f} s.", retry_after=remaining)


def _conclude(provider: str, call: _Call, error: Exception | None) -> None:
    found = rules.verdict(error)
    if found is Verdict.WORKS:
        _works(provider, call)
    elif found is Verdict.SAYS_NOTHING:
        _leave_undecided(provider, call)
    elif isinstance(error, ProviderError):
        _failed(provider, call, error, found)


def _works(provider: str, call: _Call) -> None:
    """A call through a closed circuit ends the row of failures that it began after; a trial closes its own."""
    if call.trial_until is None:
        if call.after_failures:
            Breaker.objects.filter(provider=provider, open_until=None, failures__gt=0).update(**_closed())
        return
    with transaction.atomic():
        if Breaker.objects.filter(provider=provider, trial_until=call.trial_until).update(**_closed()):
            _announce_closed(provider)


def _leave_undecided(provider: str, call: _Call) -> None:
    """The trial told nothing: the next caller makes another."""
    if call.trial_until is not None:
        Breaker.objects.filter(provider=provider, trial_until=call.trial_until).update(trial_until=None)


@transaction.atomic
def _failed(provider: str, call: _Call, error: ProviderError, found: Verdict) -> None:
    """Count the failure; open the circuit at the trial's, at the one that was too many, or at a refusal of ourselves.

    What began before the circuit opened and fails after that is no news.
    """
    Breaker.objects.bulk_create([Breaker(provider=provider)], ignore_conflicts=True)
    breaker = Breaker.objects.select_for_update(no_key=True).get(provider=provider)
    is_trial = call.trial_until is not None
    if breaker.trial_until != call.trial_until if is_trial else breaker.open_until is not None:
        return
    changes: dict[str, object] = {"trial_until": None, "last_error": str(error)[:2000], "changed_at": clock.now()}
    if found is Verdict.BUSY and error.retry_after is not None:
        log.warning("circuit_holds", provider=provider, seconds=error.retry_after, error=str(error))
        changes["open_until"] = database_now() + rules.hold(error.retry_after)
        Breaker.objects.filter(provider=provider).update(**changes)
        if not is_trial:
            _announce(CIRCUIT_HELD, Breaker.objects.get(provider=provider))
        return
    weight = rules.weight(timedelta(seconds=time.monotonic() - call.begun))
    changes["failures"] = failures = breaker.failures + weight
    opens = is_trial or found is Verdict.REFUSES_US or failures >= settings.BREAKER_FAILURES
    if opens:
        changes["openings"] = openings = breaker.openings + 1
        changes["open_until"] = database_now() + rules.opening(openings)
    Breaker.objects.filter(provider=provider).update(**changes)
    if opens:
        log.error("circuit_opened", provider=provider, failures=failures, openings=openings, error=str(error))
        if openings == 1:
            _announce(CIRCUIT_OPENED, Breaker.objects.get(provider=provider))


def _closed() -> dict[str, object]:
    return {"failures": 0, "openings": 0, "open_until": None, "trial_until": None, "changed_at": clock.now()}


def _announce_closed(provider: str) -> None:
    log.info("circuit_closed", provider=provider)
    _announce(CIRCUIT_CLOSED, Breaker.objects.get(provider=provider))


def _announce(event: str, breaker: Breaker) -> None:
    try:
        with transaction.atomic():
            events.publish(event, breaker)
    except Exception:  # a fault in a reaction must not keep a broken provider in use, nor a mended one out of it
        log.exception("reaction_to_circuit_failed", circuit=breaker.provider, reaction_to=event)


def _note(write: Callable[[], None]) -> None:
    """Write what a call told, where that can be written: the call itself is over, and its outcome is what counts."""
    try:
        write()
    except DatabaseFailure as error:
        log.warning("circuit_not_noted", error=str(error))
        close_old_connections()
