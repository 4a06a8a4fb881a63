"""When a failed timer runs again, when a recurring one is due next, and what a call says of its provider. Pure."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

from apps.core.errors import ProviderError

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
LONGEST_RETRY_AFTER = timedelta(hours=1)
#: A timer of a kind this version does not know waits for one that does, visibly and for as long as it takes.
UNKNOWN_KIND_PAUSE = timedelta(minutes=1)
#: A lost worker says nothing about its timer, until it has happened to the same timer this often.
LOSSES_TAKEN_BACK_AT_ONCE = 3
#: For how long a circuit is open the first time, and at most, however often in a row it opens again.
FIRST_OPENING = timedelta(seconds=5)
LONGEST_OPENING = timedelta(seconds=30)
#: No provider that asks for patience (Retry-After) is left alone for longer.
LONGEST_HOLD = timedelta(minutes=2)

#: For so long what waits for a provider that is known to fail loses no attempt by it, nor waits longer each time.
SPARED_FOR = timedelta(minutes=20)
#: A call that fails after this span hung, and held a thread meanwhile: it weighs as much as so many that fail at once.
HANGS_AFTER = timedelta(seconds=5)
HUNG_WEIGHS = 3


class Verdict(enum.Enum):
    """What a call says of its provider."""

    WORKS = "works"
    BROKEN = "broken"
    BUSY = "busy"
    REFUSES_US = "refuses us"
    SAYS_NOTHING = "says nothing"


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


def verdict(error: Exception | None) -> Verdict:
    """What a call that ended with ``error`` (None: well) says of its provider.

    BROKEN is what would meet every other call as well: unreachable, timed out, a fault of its own (5xx), nonsense. A
    refusal (``permanent``) and a "not now" about one address are answers, and whoever answers works; but one that
    takes no credentials of ours (401, 403) REFUSES_US, and every other message as well. BUSY is one that names when to
    come back (429 and 503 with Retry-After). A fault of ours says nothing.
    """
    if error is None:
        return Verdict.WORKS
    if not isinstance(error, ProviderError):
        return Verdict.SAYS_NOTHING
    if error.refuses_us:
        return Verdict.REFUSES_US
    if error.permanent or error.about_one:
        return Verdict.WORKS
    if error.retry_after is not None and error.retry_after > 0:
        return Verdict.BUSY
    return Verdict.BROKEN


def weight(took: timedelta) -> int:
    """As how many failures a call counts that failed after ``took``."""
    return HUNG_WEIGHS if took >= HANGS_AFTER else 1


def opening(number: int) -> timedelta:
    """For how long a circuit opens for the ``number``-th time in a row (1 is the first): doubles up to the longest."""
    doubled: timedelta = FIRST_OPENING * 2 ** min(max(number, 1) - 1, 16)
    return min(doubled, LONGEST_OPENING)


def hold(retry_after: float) -> timedelta:
    """For how long nobody calls a provider that asked for ``retry_after`` seconds, within LONGEST_HOLD."""
    return timedelta(seconds=min(retry_after, LONGEST_HOLD.total_seconds()))
