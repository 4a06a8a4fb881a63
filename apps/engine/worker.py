"""What a worker process does when it is woken: it works a lane off, in as many threads as the lane may have."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime, timedelta

import psycopg
import structlog
from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from apps.core import clock
from apps.engine import actions, leases, queries, registry, runner
from apps.engine.models import Lane, Timer

log = structlog.get_logger(__name__)

#: Threads a lane may have in one process; together they are the process's pool (celery --concurrency). They wait for
#: database and providers most of the time: so many pages that kinds which hang, each to its limit (``at_once``), leave
#: some for the others.
SLOTS = {Lane.PAGES: 14, Lane.WORK: 14, Lane.BULK: 2}

#: For how long the other lanes wait before they begin a timer while pages are at work in their process.
GIVES_WAY = timedelta(milliseconds=200)

#: How often a lane is looked at from its beginning, and which share of the time that may take in between.
FULL_LOOK_AT_MOST, FULL_LOOK_AT_LEAST = timedelta(seconds=1), timedelta(seconds=10)
FULL_LOOK_SHARE = 0.02

#: For how long one tick goes on working; the next one, a second later, takes over.
BUDGET = timedelta(seconds=20)


class Slots:
    """How many more threads may work a lane."""

    def __init__(self, number: int) -> None:
        self._mutex = threading.Lock()
        self.free = number

    def take(self) -> bool:
        """Take one if there is one, without waiting."""
        with self._mutex:
            if not self.free:
                return False
            self.free -= 1
            return True

    def give_back(self) -> None:
        with self._mutex:
            self.free += 1


class Every:
    """Says yes once in each ``interval``, whichever thread asks first."""

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval.total_seconds()
        self._mutex = threading.Lock()
        self._next = 0.0

    def is_due(self) -> bool:
        with self._mutex:
            if time.monotonic() < self._next:
                return False
            self._next = time.monotonic() + self._interval
            return True


class LowWater:
    """From when on a lane is worth looking at, so that a claim need not read what was completed before.

    Whatever turns up below the mark (a timer that was planned for a time that is past, a clock that is behind, a
    transaction that stayed open for long) is found by the full look that is taken now and then: each second where it
    is cheap, more rarely the longer it takes, each ten seconds at least.
    """

    def __init__(self) -> None:
        self._next_full_look = 0.0
        self._since: datetime | None = None

    def mark(self) -> datetime | None:
        """Since when to look; None for the last little while (``leases.claim``)."""
        if clock.standing() or time.monotonic() >= self._next_full_look:
            self._next_full_look = time.monotonic() + FULL_LOOK_AT_LEAST.total_seconds()
            return leases.BEGINNING
        return self._since

    def forget(self) -> None:
        """Look at everything the next time: what was taken back from a lost worker is as old as it ever was."""
        self._next_full_look = 0.0

    def found(
        self,
        timers: list[Timer],
        *,
        since: datetime | None,
        seconds: float = 0.0,
        everything: bool = True,
        handled: datetime | None = None,
    ) -> None:
        """Take note of what a claim that looked ``since`` brought: what was due before its first timer is taken.

        One that brought nothing says nothing about a backlog that another thread has found further down meanwhile, and
        one that did not look at ``everything`` may have left older ones where they are. ``handled``: since when the
        oldest is due that this process handles. What its handler plans for now is as old (``actions.schedule``), so the
        mark stays below it. ``seconds`` is what the claim took.
        """
        if since == leases.BEGINNING:
            pause = min(
                max(seconds / FULL_LOOK_SHARE, FULL_LOOK_AT_MOST.total_seconds()), FULL_LOOK_AT_LEAST.total_seconds()
            )
            self._next_full_look = time.monotonic() + pause
        known = [each for each in (timers[0].due_at if timers else None, handled) if each is not None]
        mark = min(known) - leases.RECENT if known else None
        if everything and (timers or since in (leases.BEGINNING, self._since)):
            self._since = mark
        elif mark is not None:
            self._since = min(mark, self._since or mark)


class Crowd:
    """Which timers of a lane this process handles now, and which kinds have as many as they may.

    Each lane has its own: a claim takes as long as the database does, and only claims of the same lane wait for it.
    """

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._mutex = threading.Lock()
        self._handled: list[Timer] = []

    def claim(self, low_water: LowWater) -> list[Timer]:
        """Claim one timer of the lane, of a kind that may have one more, and count it."""
        with self._mutex:
            full, since = self._full(), low_water.mark()
            begun = time.monotonic()
            timers = leases.claim(self._lane, since=since, without=full)
            seconds = time.monotonic() - begun
            oldest = min((timer.due_at for timer in self._handled), default=None)
            low_water.found(timers, since=since, seconds=seconds, everything=not full, handled=oldest)
            self._handled += timers
        return timers

    def leave(self, timer: Timer) -> None:
        """Its handling has ended."""
        with self._mutex:
            self._handled.remove(timer)

    def _full(self) -> list[str]:
        numbers = Counter(timer.kind for timer in self._handled)
        return [kind for kind, number in numbers.items() if number >= registry.at_once(kind)]


slots = {lane: Slots(number) for lane, number in SLOTS.items()}
_crowds = {lane: Crowd(lane) for lane in Lane}
_low_water = {lane: LowWater() for lane in Lane}
_taking_back = Every(timedelta(seconds=1))
_planning = Every(timedelta(minutes=1))


def tick(lane: Lane, *, budget: timedelta = BUDGET, stop: threading.Event | None = None) -> int:
    """Work ``lane`` off until nothing is due, ``budget`` has passed or ``stop`` is set; return how many were handled.

    Returns at once if the lane has all its threads in this process already. Never raises because the database is
    away: the next tick tries again.
    """
    if not slots[lane].take():
        return 0
    try:
        close_old_connections()
        return _work(lane, until=time.monotonic() + budget.total_seconds(), stop=stop or threading.Event())
    except (DatabaseFailure, psycopg.Error) as error:
        log.warning("tick_failed", lane=lane.value, error=str(error))
        return 0
    finally:
        close_old_connections()
        slots[lane].give_back()


def plan_recurring() -> None:
    """Plan the first run, one interval from now, of every recurring kind that neither runs nor has one ahead of it."""
    recurring = {registry.key_of_recurrence(known.kind): known for known in registry.recurring_handlers()}
    standing = queries.standing_keys(recurring)
    for key, known in recurring.items():
        if known.every is not None and key not in standing:
            actions.schedule(known.kind, due_at=clock.now() + known.every, key=key)


def _give_way() -> None:
    """Let pages that are at work have the processor: all threads of a process share one, whatever their lanes.

    Not for longer than GIVES_WAY: a page may as well wait for a provider that hangs.
    """
    until = time.monotonic() + GIVES_WAY.total_seconds()
    while slots[Lane.PAGES].free < SLOTS[Lane.PAGES] and time.monotonic() < until:
        time.sleep(0.01)


def _work(lane: Lane, *, until: float, stop: threading.Event) -> int:
    if _taking_back.is_due() and leases.take_back():
        for mark in _low_water.values():
            mark.forget()
    if _planning.is_due():
        plan_recurring()
    handled = 0
    crowd, low_water = _crowds[lane], _low_water[lane]
    while not stop.is_set() and time.monotonic() < until:
        if lane is not Lane.PAGES:
            _give_way()
        timers = crowd.claim(low_water)
        if not timers:
            break
        for timer in timers:
            try:
                runner.handle(timer)
            finally:
                crowd.leave(timer)
        handled += len(timers)
    return handled
