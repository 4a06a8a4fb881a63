"""Which function handles which kind of timer. Each app registers its own in ``handlers.py``."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from apps.engine.models import Lane, Timer

__all__ = [
    "Handler",
    "Lane",
    "handler",
    "handler_of",
    "lane_of",
    "on_dead",
    "reactions_to_death",
    "recurring",
    "reopens",
]

HandlerFunction = Callable[[Timer], None]
DeathReaction = Callable[[Timer, str], None]
Reopening = Callable[[Timer], None]
WatchFunction = Callable[[], None]

ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Handler:
    """How timers of one kind are handled."""

    kind: str
    function: HandlerFunction
    lane: Lane
    transactional: bool
    attempts: int
    every: timedelta | None = None
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Something that looks after the engine from outside of it."""

    name: str
    function: WatchFunction
    every: timedelta


_watches: dict[str, Watch] = {}
_handlers: dict[str, Handler] = {}
_death_reactions: dict[str, list[DeathReaction]] = defaultdict(list)
_reopenings: dict[str, Reopening] = {}


def handler(
    kind: str, *, lane: Lane, transactional: bool = True, attempts: int = ATTEMPTS, at_once: int | None = None
) -> Callable[[HandlerFunction], HandlerFunction]:
    """Register the decorated function for timers of ``kind``, of which a process handles ``at_once`` at most.

    What waits for somebody outside needs such a limit, below the threads that its lane has: when it hangs, it holds
    back only its own kind.

    ``transactional``: it touches only the database and runs in one transaction with the completion of its timer, so
    its effect happens exactly once. Otherwise it runs outside of any transaction, may talk to the network, and may
    run again after a crash: the timer's id is its idempotency key. Either must end within ``leases.LEASE``.

    It fails by raising: ProviderError says whether and when another attempt is of use; after any other exception
    there is one, until ``attempts`` were made and the timer is dead.
    """
    return _register(kind, lane=lane, transactional=transactional, attempts=attempts, every=None, at_once=at_once)


def recurring(
    kind: str, *, every: timedelta, lane: Lane = Lane.BULK, transactional: bool = True, attempts: int = ATTEMPTS
) -> Callable[[HandlerFunction], HandlerFunction]:
    """Register the decorated function to run ``every`` so often; the next run is scheduled with the completion.

    The first one is planned by a worker that finds none (``worker.tick``), so a new sweep needs no migration.
    """
    return _register(kind, lane=lane, transactional=transactional, attempts=attempts, every=every)


def watch(name: str, *, every: timedelta) -> Callable[[WatchFunction], WatchFunction]:
    """Register the decorated function: each process of ``engine run``, the standby too, calls it ``every`` so often.

    For what must look after the engine itself: it needs no timer and no broker. Whatever it raises is logged.
    """

    def register(function: WatchFunction) -> WatchFunction:
        if name in _watches:
            raise ValueError(f"There is a watch {name!r} already: {_watches[name].function}.")
        _watches[name] = Watch(name, function, every)
        return function

    return register


def watches() -> list[Watch]:
    """Every registered watch."""
    return list(_watches.values())


def on_dead(kind: str) -> Callable[[DeathReaction], DeathReaction]:
    """Register the decorated function for timers of ``kind`` that are given up.

    It is called with the timer and its last error, in the transaction that marks it dead.
    """

    def register(reaction: DeathReaction) -> DeathReaction:
        _death_reactions[kind].append(reaction)
        return reaction

    return register


def reopens(kind: str) -> Callable[[Reopening], Reopening]:
    """Register the decorated function: it undoes what ``on_dead`` did before a dead timer of ``kind`` is run again.

    It is called in the transaction that makes the timer due, and raises RuleViolation where there is nothing to be
    done any more.
    """

    def register(function: Reopening) -> Reopening:
        if kind in _reopenings:
            raise ValueError(f"Timers of kind {kind!r} are reopened by {_reopenings[kind]} already.")
        _reopenings[kind] = function
        return function

    return register


def handler_of(kind: str) -> Handler | None:
    """The handler of ``kind``, or None if this version of the code has none."""
    return _handlers.get(kind)


def lane_of(kind: str) -> Lane:
    """The lane of ``kind``. Raises LookupError if nobody registered a handler: a misspelt kind fails at its caller."""
    known = _handlers.get(kind)
    if known is None:
        raise LookupError(f"No handler is registered for timers of kind {kind!r}; known are {sorted(_handlers)}.")
    return known.lane


def at_once(kind: str) -> float:
    """How many timers of ``kind`` one process may handle at a time."""
    known = _handlers.get(kind)
    return known.at_once if known is not None and known.at_once is not None else math.inf


def recurring_handlers() -> list[Handler]:
    """Every handler that recurs."""
    return [each for each in _handlers.values() if each.every is not None]


def key_of_recurrence(kind: str) -> str:
    """The key of the one timer that carries the recurrence of ``kind``; under another key it runs once, out of turn."""
    return f"recurring:{kind}"


def reactions_to_death(kind: str) -> tuple[DeathReaction, ...]:
    """What is to be called when a timer of ``kind`` is given up, in the order of registration."""
    return tuple(_death_reactions[kind])


def reopening_of(kind: str) -> Reopening | None:
    """What is to be called before a dead timer of ``kind`` is run again."""
    return _reopenings.get(kind)


def _register(
    kind: str,
    *,
    lane: Lane,
    transactional: bool,
    attempts: int,
    every: timedelta | None,
    at_once: int | None = None,
) -> Callable[[HandlerFunction], HandlerFunction]:
    def register(function: HandlerFunction) -> HandlerFunction:
        if kind in _handlers:
            raise ValueError(f"Timers of kind {kind!r} already have the handler {_handlers[kind].function}.")
        _handlers[kind] = Handler(kind, function, lane, transactional, attempts, every, at_once)
        return function

    return register
