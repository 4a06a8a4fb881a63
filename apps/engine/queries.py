"""How the engine stands: what is due and for how long, who works, what is dead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Exists, Model, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from apps.core import clock
from apps.engine.identity import LIVING
from apps.engine.models import Breaker, Lane, State, Timer
from apps.engine.outcomes import database_now

ModelT = TypeVar("ModelT", bound=Model)

#: The engine counts as late once something has been due for longer than this.
LATE_AFTER = timedelta(seconds=30)

#: The span over which the rate is taken.
RATE_SPAN = timedelta(minutes=5)

_LONGEST_DUE = f"""
    SELECT lane, due_at, extract(epoch FROM now - due_at)::float8
      FROM (SELECT {clock.DATABASE_NOW} AS now) AS instant,
           unnest(%s::text[]) AS lane,
           LATERAL (SELECT due_at, id FROM engine_timer
                     WHERE state = 'pending' AND engine_timer.lane = lane.lane
                     ORDER BY due_at, id LIMIT 1) AS first
     WHERE due_at <= now
     ORDER BY due_at, id
"""  # noqa: S608  (a constant of the house)

_STATUS = f"""
    WITH instant AS MATERIALIZED (SELECT {clock.DATABASE_NOW} AS now)
    SELECT lane,
           (SELECT count(*) FROM engine_timer WHERE state = 'pending' AND engine_timer.lane = lane.lane),
           (SELECT count(*) FROM engine_timer WHERE state = 'pending' AND engine_timer.lane = lane.lane
               AND due_at <= (SELECT now FROM instant)),
           (SELECT extract(epoch FROM max((SELECT now FROM instant) - due_at))::float8 FROM (
               SELECT due_at FROM engine_timer WHERE state = 'pending' AND engine_timer.lane = lane.lane
                ORDER BY due_at LIMIT 1) AS first WHERE due_at <= (SELECT now FROM instant)),
           (SELECT count(*) FROM engine_timer WHERE state = 'leased' AND engine_timer.lane = lane.lane),
           (SELECT count(*) FROM engine_timer WHERE state = 'dead' AND engine_timer.lane = lane.lane),
           (SELECT count(*) FROM engine_timer WHERE state = 'done' AND engine_timer.lane = lane.lane
               AND finished_at > (SELECT now FROM instant) - %s::interval)
      FROM unnest(%s::text[]) WITH ORDINALITY AS lane (lane, place)
     ORDER BY place
"""  # noqa: S608  (a constant of the house)


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """How one lane stands; ``lag`` is the age in seconds of what has been due for the longest, 0 if nothing is."""

    lane: str
    pending: int
    due: int
    lag: float
    leased: int
    dead: int
    done_per_minute: float


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the engine works: seconds of lag by lane, and how many workers live."""

    lag: dict[str, float]
    workers: int

    @property
    def complaint(self) -> str:
        """Why it cannot be relied on to page, or an empty string."""
        if not self.workers:
            return "No worker is running."
        late = {lane: lag for lane, lag in self.lag.items() if lag > LATE_AFTER.total_seconds()}
        if Lane.PAGES in late:
            return f"Pages have been due for {late[Lane.PAGES]:.0f} s."
        return ""


@dataclass(frozen=True, slots=True)
class Circuit:
    """How the circuit to one provider stands: ``closed``, ``open`` until an instant, or ``half open`` after it."""

    provider: str
    state: str
    until: datetime | None
    failures: int
    last_error: str

    @property
    def is_closed(self) -> bool:
        return self.state == "closed"


def lag(lanes: Iterable[Lane] = tuple(Lane)) -> dict[str, float]:
    """For each of ``lanes``: for how many seconds, by the database's clock, its oldest due timer has been due."""
    ages = {lane.value: 0.0 for lane in lanes}
    return ages | {lane: age for lane, _, age in _longest_due(ages)}


def lane_of_longest_due() -> Lane | None:
    """The lane of the timer that has been due for the longest, or None if nothing is due."""
    for lane, _, _ in _longest_due(Lane.values):
        return Lane(lane)
    return None


def status() -> list[LaneStatus]:
    """How each lane stands, in the order of Lane."""
    values: list[Any] = [clock.standing(), RATE_SPAN, list(Lane.values)]
    with connection.cursor() as cursor:
        cursor.execute(_STATUS, values)
        rows = cursor.fetchall()
    minutes = RATE_SPAN / timedelta(minutes=1)
    return [
        LaneStatus(lane, pending, due, max(age or 0.0, 0.0), leased, dead, done / minutes)
        for lane, pending, due, age, leased, dead, done in rows
    ]


def health() -> Health:
    """Whether the engine works. Two index probes a lane and a look at the locks, however long the table."""
    return Health(lag=lag(), workers=workers())


def workers() -> int:
    """How many worker processes live."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({LIVING}) AS living")  # noqa: S608  (a constant of the house)
        return int(cursor.fetchone()[0])


def circuits() -> list[Circuit]:
    """How the circuit to each provider stands that ever failed, by the database's clock."""
    rows = Breaker.objects.annotate(now=database_now())
    return [
        Circuit(row.provider, _state_of(row.open_until, row.now), row.open_until, row.failures, row.last_error)
        for row in rows
    ]


def _state_of(open_until: datetime | None, now: datetime) -> str:
    if open_until is None:
        return "closed"
    return "open" if open_until > now else "half open"


def is_worked(lane: str, *, within: timedelta) -> bool:
    """Whether a timer of ``lane`` was done in the last ``within``, by the database's clock."""
    since = database_now() - within
    return Timer.objects.filter(lane=lane, state=State.DONE, finished_at__gt=since).exists()


def standing_keys(keys: Iterable[str]) -> set[str]:
    """Those of ``keys`` under which a timer is pending or runs. Two queries, each with an index of its own state."""
    wanted = list(keys)
    standing: set[str] = set()
    for state in (State.PENDING, State.LEASED):
        standing.update(Timer.objects.filter(state=state, key__in=wanted).values_list("key", flat=True))
    return standing


def without_timer(rows: QuerySet[ModelT], *, kind: str) -> QuerySet[ModelT]:
    """Those of ``rows`` that no timer ``kind:pk`` waits for or works on. Set-based: two index probes a row."""
    key = Concat(Value(f"{kind}:"), Cast(OuterRef("pk"), TextField()))
    return rows.filter(
        ~Exists(Timer.objects.filter(key=key, state=State.PENDING)),
        ~Exists(Timer.objects.filter(key=key, state=State.LEASED)),
    )


def was_settled(key: str) -> bool:
    """Whether a timer of that key was done or cancelled lately, so that none is to be expected."""
    return Timer.objects.filter(key=key, state__in=(State.DONE, State.CANCELLED)).exists()


def dead() -> QuerySet[Timer]:
    """What was given up and still stands so, newest first."""
    return Timer.objects.filter(state=State.DEAD).order_by("-finished_at")


def _longest_due(lanes: Iterable[str]) -> list[tuple[str, datetime, float]]:
    with connection.cursor() as cursor:
        cursor.execute(_LONGEST_DUE, [clock.standing(), list(lanes)])
        return list(cursor.fetchall())
