"""Planning and cancelling what is due. Everything here joins the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from psycopg.types.json import Jsonb

from apps.core import clock
from apps.core.errors import Conflict, RuleViolation
from apps.engine import registry, wake
from apps.engine.models import Lane, State, Timer

#: What is being handled in this context.
handled: ContextVar[Timer | None] = ContextVar("handled", default=None)

#: What is due within this span wakes its lane at once; the rest waits for the next tick.
SOON = timedelta(seconds=1)
#: What follows from something that also pages begins so much later: it would hold rows that the first page waits for,
#: and for long, since its worker leaves the processor to whoever pages.
AFTER_THE_PAGE = timedelta(seconds=2)

_ROW = f"""
    (%s, %s, coalesce(%s::timestamptz, least({clock.DATABASE_NOW}, %s::timestamptz)), %s, %s, %s, 'pending', 0, '', %s)
"""

# A standing key takes over everything of the newer call, a count of failures included: it is a new job.
_SCHEDULE = """
    INSERT INTO engine_timer (kind, lane, due_at, key, subject, payload, state, attempts, last_error, created_at)
    VALUES {rows}
    ON CONFLICT (key) WHERE state = 'pending' DO UPDATE
       SET kind = excluded.kind, lane = excluded.lane, due_at = excluded.due_at, subject = excluded.subject,
           payload = excluded.payload, attempts = 0, last_error = ''
"""

# ON CONFLICT DO UPDATE would lock the standing row even where it changes nothing.
_ENSURE_DUE = f"""
    WITH planned AS (
        INSERT INTO engine_timer (kind, lane, due_at, key, subject, payload, state, attempts, last_error, created_at)
        VALUES (%(kind)s, %(lane)s, {clock.DATABASE_NOW.replace("%s", "%(standing)s")}, %(key)s, '', '{{}}',
                'pending', 0, '', %(now)s)
        ON CONFLICT (key) WHERE state = 'pending' DO NOTHING
        RETURNING id
    ), moved AS (
        UPDATE engine_timer SET due_at = {clock.DATABASE_NOW.replace("%s", "%(standing)s")}
         WHERE key = %(key)s AND state = 'pending'
           AND due_at > {clock.DATABASE_NOW.replace("%s", "%(standing)s")} + %(soon)s
        RETURNING id
    )
    SELECT EXISTS (SELECT FROM planned UNION ALL SELECT FROM moved)
"""  # noqa: S608  (constants of the house)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is to be planned: a timer of ``kind``, due at an aware instant, or now (None)."""

    kind: str
    key: str
    due_at: datetime | None = None
    subject: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)


def schedule(
    kind: str, *, due_at: datetime | None = None, key: str, subject: str = "", payload: dict[str, Any] | None = None
) -> None:
    """Plan one timer, as ``schedule_all`` does."""
    schedule_all([Planned(kind=kind, key=key, due_at=due_at, subject=subject, payload=payload or {})])


def schedule_all(planned: Collection[Planned]) -> None:
    """Plan timers, each under a key of its own, if the caller's transaction commits; one query however many there are.

    While a timer with the same key is pending, that one is moved and takes the new subject and payload instead; one
    that is already running is left alone and gets a successor. What is due now wakes its lane after the commit. What
    a handler plans for now in its own lane is as old as what it handles: in a storm the first page goes out before the
    last level fires. In another lane, whose workers know nothing of that backlog, it is as old as it is. Raises
    LookupError if nobody handles a kind.
    """
    if not planned:
        return
    now = clock.now()
    cause = handled.get()
    values: list[Any] = []
    for each in planned:
        lane = registry.lane_of(each.kind)
        place = cause.due_at if cause is not None and cause.lane == lane else None
        values += [each.kind, lane.value, each.due_at, clock.standing(), place]
        values += [each.key, each.subject, Jsonb(each.payload), now]
    with connection.cursor() as cursor:
        cursor.execute(_SCHEDULE.format(rows=",".join([_ROW] * len(planned))), values)
    for lane in {registry.lane_of(each.kind) for each in planned if each.due_at is None or each.due_at <= now + SOON}:
        wake.after_commit(lane)


def ensure_due(kind: str, *, key: str) -> bool:
    """Make sure that a timer of ``key`` is pending and due; return whether that took a change.

    For what is asked for many times a second: one that is due already is not even locked, so that it can be claimed
    meanwhile. False therefore means: a timer was pending at that instant. Whoever must be sure that it has not begun
    before their own transaction committed asks again afterwards. Wakes nobody. Raises LookupError as ``schedule``.
    """
    values: dict[str, Any] = {
        "kind": kind,
        "lane": registry.lane_of(kind).value,
        "key": key,
        "standing": clock.standing(),
        "now": clock.now(),
        "soon": SOON,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENSURE_DUE, values)
        return bool(cursor.fetchone()[0])


def cancel(*, subject: str, kind: str | None = None) -> int:
    """Cancel the pending timers about ``subject``, of one ``kind`` or of all; return how many there were.

    One that is running is not stopped: its handler locks what it changes and sees there that it came too late.
    Raises ValueError without a subject, which would be everything.
    """
    if not subject:
        raise ValueError("Say what the timers to cancel are about.")
    pending = Timer.objects.filter(subject=subject, state=State.PENDING)
    if kind is not None:
        pending = pending.filter(kind=kind)
    return pending.update(state=State.CANCELLED, finished_at=clock.now())


def cancel_key(key: str) -> bool:
    """Cancel the pending timer of ``key``; return whether there was one."""
    return cancel_keys([key]) == 1


def cancel_keys(keys: Collection[str]) -> int:
    """Cancel the pending timers of ``keys``, in one query; return how many there were."""
    if not keys:
        return 0
    pending = Timer.objects.filter(key__in=keys, state=State.PENDING)
    return pending.update(state=State.CANCELLED, finished_at=clock.now())


@transaction.atomic
def run_again(timer_id: int) -> None:
    """Make a dead timer due now, with all its attempts before it.

    What was given up with it is reopened (``registry.reopens``). Raises RuleViolation if it is not dead or if there is
    nothing to be done any more, Conflict if a newer one of the same key is pending.
    """
    timer = Timer.objects.select_for_update(no_key=True).get(pk=timer_id)
    if timer.state != State.DEAD:
        raise RuleViolation(f"{timer} is {timer.get_state_display().lower()}; only a dead timer is run again.")
    reopen = registry.reopening_of(timer.kind)
    if reopen is not None:
        reopen(timer)
    timer.state, timer.attempts, timer.due_at, timer.finished_at = State.PENDING, 0, clock.now(), None
    try:
        with transaction.atomic():
            timer.save(update_fields=["state", "attempts", "due_at", "finished_at"])
    except IntegrityError as error:
        raise Conflict(f"{timer} is already planned anew.") from error
    wake.after_commit(Lane(timer.lane))
