"""What time it is: the one place that knows, so that a test can set it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_set_to: ContextVar[datetime | None] = ContextVar("clock_set_to", default=None)

#: SQL for "now" by the database's clock, for claims and leases: a machine whose own clock is off neither fires
#: early nor late. Takes one parameter, ``clock.standing()``.
DATABASE_NOW = "coalesce(%s::timestamptz, clock_timestamp())"


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _set_to.get() or datetime.now(UTC)


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
