"""Claiming what is due, and taking back what a lost worker held."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.db import transaction

from apps.core import clock
from apps.engine import outcomes
from apps.engine.identity import LIVING, me
from apps.engine.models import Lane, Timer

#: A handler must end within this span; then its timer is taken for lost and run again.
LEASE = timedelta(minutes=2)

#: How far behind the present a claim looks that knows of nothing older: longer than transactions usually stay open.
RECENT = timedelta(seconds=10)

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# The instant is a subquery so that the planner sees a constant and bounds the index scan by it on both sides; a bare
# clock_timestamp() is volatile and would be compared with every pending row. The commit of a claim is not waited for
# until it is on the disk: what is done under the lease is written after it, and so is never without it.
_CLAIM = f"""
    WITH instant AS MATERIALIZED (
        SELECT {clock.DATABASE_NOW} AS now, set_config('synchronous_commit', 'off', true) AS not_waited_for
    ),
    due AS (
        SELECT id FROM engine_timer
         WHERE state = 'pending' AND lane = %s AND kind <> ALL (%s)
           AND due_at <= (SELECT now FROM instant)
           AND due_at >= coalesce(%s::timestamptz, (SELECT now FROM instant) - %s::interval)
         ORDER BY due_at, id LIMIT %s
           FOR UPDATE SKIP LOCKED
    )
    UPDATE engine_timer AS timer
       SET state = 'leased', attempts = attempts + 1, leased_by = %s,
           lease_until = (SELECT now FROM instant) + %s::interval
      FROM due WHERE timer.id = due.id
    RETURNING timer.*
"""  # noqa: S608  (constants of the house)

_LOST = f"""
    SELECT * FROM engine_timer
     WHERE state = 'leased'
       AND (lease_until < (SELECT {clock.DATABASE_NOW}) OR leased_by <> ALL (ARRAY({LIVING})))
     ORDER BY due_at, id
     LIMIT 1
       FOR UPDATE SKIP LOCKED
"""  # noqa: S608  (constants of the house)


def claim(lane: Lane, *, limit: int = 1, since: datetime | None = None, without: Collection[str] = ()) -> list[Timer]:
    """Lease up to ``limit`` timers of ``lane`` that are due by the database's clock, the longest due first.

    Only what is due since ``since`` is looked at (without it: since RECENT), so that the index entries of what was
    completed long ago, which an old snapshot keeps alive, are not read at each claim. Any number of workers may
    claim at once; no timer is leased twice. Timers of the kinds ``without`` are left to others.
    """
    worker = me.number()
    parameters = [clock.standing(), lane.value, list(without), since, RECENT, limit, worker, LEASE]
    return sorted(Timer.objects.raw(_CLAIM, parameters), key=lambda timer: (timer.due_at, timer.pk))


def take_back() -> int:
    """Make timers pending again whose worker is gone or whose lease has expired; return how many there were.

    Their effect either happened whole with their completion, or not at all, or (a handler that talks to the
    network) its outcome is unknown and it runs again under the same id. Each is a transaction of its own: what reacts
    to one that is given up locks what it changes, and nobody may hold other timers meanwhile.
    """
    number = 0
    while _take_one_back():
        number += 1
    return number


@transaction.atomic
def _take_one_back() -> bool:
    for timer in Timer.objects.raw(_LOST, [clock.standing()]):
        outcomes.lose(timer)
        return True
    return False
