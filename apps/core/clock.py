"""What time it is: the one place that knows, so that a test can set it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_set_to: ContextVar[datetime | None] = ContextVar("clock_set_to", default=None)

#: SQL for "now" by the database's clock, for claims and leases: a machine whose own clock is off neither fires
#: early nor late. Takes one parameter, ``clock.standing()``.
DATABASE_NOW = "coalesce(%s::timestamptz, clock_timestamp())"


#: A machine's clock that differs from the database's by less than this is right.
TOLERANCE = timedelta(seconds=1)

_correction = timedelta(0)


def now() -> datetime:
    """The present instant, aware, in UTC: by the machine's clock, put right by ``compare`` where that is off."""
    return _set_to.get() or datetime.now(UTC) + _correction


def compare(database: datetime, *, asked_at: datetime) -> timedelta:
    """Go by the database's clock from now on if this machine's is off; return by how much it is put right.

    ``database`` is what the database's clock said after it was asked at ``asked_at`` by the machine's own clock
    (``datetime.now``). A slow answer alone corrects nothing.
    """
    global _correction
    answered_at = datetime.now(UTC)
    is_right = asked_at - TOLERANCE <= database <= answered_at + TOLERANCE
    _correction = timedelta(0) if is_right else database - answered_at
    return _correction


def standing() -> datetime | None:
    """The instant at which the clock was made to stand, or None while it runs."""
    return _set_to.get()


@contextmanager
def stands_at(instant: datetime) -> Iterator[None]:
    """Make ``now()`` and DATABASE_NOW answer ``instant`` within the block (tests, ``simulate``)."""
    token = _set_to.set(instant)
    try:
        yield
    finally:
        _set_to.reset(token)
