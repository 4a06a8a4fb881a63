"""What a claim costs in a long table, with a long backlog, and while a snapshot keeps every old row alive.

One run, one table: a million finished timers, then 10,000 and 100,000 pending in turns; then 200,000 completions
while a transaction elsewhere holds a snapshot open, as a backup does. A claim is measured as workers make it, with
the mark of where to look; what is claimed is completed, which is not part of the measure.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from benchmarks.house import prepared

FINISHED = 1_000_000
FEW, MANY = 10_000, 100_000
COMPLETIONS = 200_000
ROUNDS = 2
CLAIMS = 500
WARM_UP = 50

BACKLOG_TARGET = 1.3
SNAPSHOT_TARGET = 3.0

#: What is completed while the snapshot is held came due at this rate: more than a house of this size works off.
DUE_A_SECOND = 500

#: So many are completed at a time, to get through in seconds.
STEP = 1_000

KIND = "benchmark"


@dataclass(frozen=True)
class Measured:
    """The median claim in milliseconds, by what the table held."""

    few: float
    many: float
    before: float
    held: float

    @property
    def backlog_ratio(self) -> float:
        return self.many / self.few

    @property
    def snapshot_ratio(self) -> float:
        return self.held / self.before

    @property
    def is_good(self) -> bool:
        return self.backlog_ratio <= BACKLOG_TARGET and self.snapshot_ratio <= SNAPSHOT_TARGET

    def __str__(self) -> str:
        return (
            f"{f'a claim among {FEW:,} pending':44}{self.few:8.2f} ms\n"
            f"{f'a claim among {MANY:,} pending':44}{self.many:8.2f} ms\n"
            f"{'ratio':44}{self.backlog_ratio:8.2f}    (target: {BACKLOG_TARGET} or less)\n"
            f"{'a claim with no snapshot held':44}{self.before:8.2f} ms\n"
            f"{f'a claim after {COMPLETIONS:,} completions under one':44}{self.held:8.2f} ms\n"
            f"{'ratio':44}{self.snapshot_ratio:8.2f}    (target: {SNAPSHOT_TARGET} or less)"
        )


def main() -> bool:
    """Measure, print the table, and return whether it is good."""
    with prepared():
        print(f"Loading {FINISHED:,} finished timers…", flush=True)
        measured = measure()
    print(measured)
    return measured.is_good


def measure(
    *, finished: int = FINISHED, few: int = FEW, many: int = MANY, completions: int = COMPLETIONS, claims: int = CLAIMS
) -> Measured:
    """Load the table and measure the three cases. It must be empty."""
    claimer = Claimer()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        load_finished(owner, finished)
        among_few, among_many = [], []
        for _ in range(ROUNDS):
            fill(owner, due=few // 2, later=few // 2)
            among_few += claimer.claims(claims)
            fill(owner, due=many // 2, later=many // 2)
            among_many += claimer.claims(claims)
        due = completions + few
        fill(owner, due=due, later=few, spread=due / DUE_A_SECOND)
        before = claimer.claims(claims)
        with snapshot():
            complete_under_it(owner, claimer, completions)
            held = claimer.claims(claims)
        owner.execute("DELETE FROM engine_timer")
    return Measured(*(statistics.median(times) * 1000 for times in (among_few, among_many, before, held)))


class Claimer:
    """A worker that does nothing but claim and complete."""

    def __init__(self) -> None:
        from apps.engine import registry, worker

        def nothing(timer: object) -> None:
            """Never called: what is measured is how a timer comes and goes."""

        lane = registry.Lane.WORK
        registry.handler(KIND, lane=lane)(nothing)
        self._crowd, self._low_water = worker.Crowd(lane), worker.LowWater()

    def claims(self, number: int) -> list[float]:
        """Claim and complete ``number`` timers, after some to get warm; return how many seconds each claim took."""
        for _ in range(WARM_UP):
            self.claim()
        return [self.claim() for _ in range(number)]

    def claim(self) -> float:
        """Claim one timer and complete it; return how many seconds the claim took. Raises IndexError without one."""
        from apps.engine import outcomes, registry

        begun = time.perf_counter()
        timers = self._crowd.claim(self._low_water)
        taken = time.perf_counter() - begun
        known = registry.handler_of(KIND)
        if known is None:
            raise LookupError(KIND)
        timer = timers[0]
        outcomes.complete(timer, known)
        self._crowd.leave(timer)
        return taken


def load_finished(owner: psycopg.Connection[tuple[object, ...]], number: int) -> None:
    """Timers that were done over the last week."""
    owner.execute(
        """
        INSERT INTO engine_timer (kind, lane, due_at, key, subject, payload, state, attempts, last_error, created_at,
                                  finished_at)
        SELECT %(kind)s, 'work', at, 'done:' || n, 'incident:' || n / 50, '{}', 'done', 1, '', at, at
          FROM generate_series(1, %(number)s) AS n,
               LATERAL (SELECT now() - interval '7 days' * n / %(number)s AS at) AS done
        """,
        {"kind": KIND, "number": number},
    )


def fill(owner: psycopg.Connection[tuple[object, ...]], *, due: int, later: int, spread: float = 600) -> None:
    """Let so many timers be pending: ``due`` over the last ``spread`` seconds, and as evenly the others ``later``."""
    owner.execute("DELETE FROM engine_timer WHERE state = 'pending'")
    owner.execute(
        """
        INSERT INTO engine_timer (kind, lane, due_at, key, subject, payload, state, attempts, last_error, created_at)
        SELECT %(kind)s, 'work', now() + make_interval(secs => n * %(spread)s::float8 / %(due)s),
               'pending:' || n, 'incident:' || n / 50, '{}', 'pending', 0, '', now()
          FROM generate_series(-%(due)s::int, %(later)s::int) AS n
        """,
        {"kind": KIND, "due": due, "later": later, "spread": spread},
    )
    owner.execute("VACUUM ANALYZE engine_timer")


@contextmanager
def snapshot() -> Iterator[None]:
    """A transaction that has looked at the table once and stays open, as a backup does."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as backup:
        backup.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        backup.execute("SELECT count(*) FROM engine_timer WHERE state = 'leased'")
        yield


def complete_under_it(owner: psycopg.Connection[tuple[object, ...]], claimer: Claimer, number: int) -> None:
    """Complete ``number`` timers in due order, each leased and then done: in steps, a worker claiming after each."""
    for _ in range(number // STEP):
        owner.execute(
            """
            UPDATE engine_timer SET state = 'leased', attempts = 1, leased_by = 1, lease_until = now() + interval '1 h'
             WHERE id IN (SELECT id FROM engine_timer WHERE state = 'pending' AND lane = 'work'
                           ORDER BY due_at LIMIT %s)
            """,
            [STEP],
        )
        owner.execute(
            "UPDATE engine_timer SET state = 'done', leased_by = NULL, lease_until = NULL, finished_at = now() "
            "WHERE state = 'leased' AND leased_by = 1"
        )
        claimer.claim()
