"""When a failed timer runs again, and when a recurring one is due next. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
LONGEST_RETRY_AFTER = timedelta(hours=1)
#: A timer of a kind this version does not know waits for one that does, visibly and for as long as it takes.
UNKNOWN_KIND_PAUSE = timedelta(minutes=1)
#: A lost worker says nothing about its timer, until it has happened to the same timer this often.
LOSSES_TAKEN_BACK_AT_ONCE = 3


def pause_after(attempts: int, *, jitter: float, retry_after: float | None = None) -> timedelta:
    """How long to wait after the failed attempt number ``attempts`` (1 is the first).

    Doubles from FIRST_PAUSE to LONGEST_PAUSE; ``jitter`` in [0, 1) spreads it over its upper half, so that what
    failed together does not come back together. A provider's ``retry_after`` (seconds) is never undercut, but for
    the bound of an hour.
    """
    doubled: timedelta = FIRST_PAUSE * 2 ** min(max(attempts, 1) - 1, 16)
    pause: timedelta = min(doubled, LONGEST_PAUSE) * (0.5 + jitter / 2)
    if retry_after is None or retry_after <= 0:
        return pause
    asked = timedelta(seconds=min(retry_after, LONGEST_RETRY_AFTER.total_seconds()))
    return max(pause, asked + FIRST_PAUSE * jitter)


def pause_after_loss(attempts: int, *, jitter: float) -> timedelta:
    """How long a timer waits whose worker was lost in attempt number ``attempts``: at first not at all.

    From LOSSES_TAKEN_BACK_AT_ONCE on it backs off like any failure, for it may be what ends its workers.
    """
    if attempts <= LOSSES_TAKEN_BACK_AT_ONCE:
        return timedelta(0)
    return pause_after(attempts - LOSSES_TAKEN_BACK_AT_ONCE, jitter=jitter)


def next_occurrence(due_at: datetime, *, every: timedelta, now: datetime) -> datetime:
    """The first instant after ``now`` on the beat of ``due_at``: what was missed is not made up for in a burst."""
    if due_at > now:
        return due_at
    return due_at + every * ((now - due_at) // every + 1)
