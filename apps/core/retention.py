"""How long what is of no more use is kept: each app says it of its tables, and one sweep a day takes it away.

Nothing that is written once is among it: the record is kept (docs/privacy.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.core import clock

#: So many rows go in a transaction.
BATCH = 1_000

Rows = Callable[[datetime], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of data that is kept for ``span``, zero: for ever; ``rows`` gives what is older than an instant.

    With ``emptied`` the rows stay and these columns get these values; ``rows`` must not give them again then.
    """

    kind: str
    what: str
    span: Callable[[], timedelta]
    rows: Rows
    emptied: Mapping[str, Any] = field(default_factory=dict)

    def old(self) -> QuerySet[Any] | None:
        """The rows whose time is over; None where they are kept for ever."""
        span = self.span()
        return self.rows(clock.now() - span) if span else None


_kinds: dict[str, Kept] = {}


def keep(
    kind: str, what: str, *, span: Callable[[], timedelta], rows: Rows, emptied: Mapping[str, Any] | None = None
) -> None:
    """Register a kind of data (``Kept``), when the app is ready. Raises ValueError for one that is there already."""
    if kind in _kinds:
        raise ValueError(f"It is said already how long {kind!r} is kept.")
    _kinds[kind] = Kept(kind, what, span, rows, emptied or {})


def kinds() -> list[Kept]:
    """Every kind, by name."""
    return sorted(_kinds.values(), key=lambda kept: kept.kind)


def count(kept: Kept) -> int:
    """How many rows the next sweep would take away, or empty."""
    old = kept.old()
    return 0 if old is None else old.count()


def sweep(kept: Kept, *, until: float) -> int:
    """Take away what is old, in batches that are a transaction each, until ``time.monotonic()`` says ``until``.

    Returns how many rows that were. What is left waits for the next sweep; two at once do no harm.
    """
    old, gone = kept.old(), 0
    while old is not None and time.monotonic() < until:
        batch = _take(kept, old)
        gone += len(batch)
        if len(batch) < BATCH:
            break
        if kept.emptied:
            old = old.filter(pk__gt=batch[-1])  # those before stay, and need not be read again
    return gone


@transaction.atomic
def _take(kept: Kept, old: QuerySet[Any]) -> list[Any]:
    """Take a batch away; return the keys of its rows, in order where they stay."""
    ordered = old.order_by("pk") if kept.emptied else old.order_by()
    free = ordered.select_for_update(skip_locked=True, of=("self",))
    batch = list(free.values_list("pk", flat=True)[:BATCH])
    rows = old.model._default_manager.filter(pk__in=batch)
    if kept.emptied:
        rows.update(**kept.emptied)
    else:
        rows.delete()
    return batch
