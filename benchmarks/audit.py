"""How fast the record is verified, and what history and seals add to a declaration.

A million events and as many rows of history as there are to a tenth of them, in two hundred seals, as an installation
has after some years; then the whole verification. Before that, incidents are declared in turns with and without
history, the sealing of what was declared included: once a minute in a house, here once a turn.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass

import psycopg

from benchmarks.house import manage, prepared
from benchmarks.paging import hire

ROWS = 1_000_000
SEALS = 200
TURNS, DECLARED_A_TURN = 10, 20

RATE_TARGET = 100_000
OVERHEAD_TARGET = 1.5


@dataclass(frozen=True)
class Measured:
    """Rows compared and the seconds that it took; how long a declaration takes with history and seals, and without."""

    rows: int
    seconds: float
    fits: bool
    recorded: float
    bare: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    @property
    def overhead(self) -> float:
        return self.recorded / self.bare

    @property
    def is_good(self) -> bool:
        return self.fits and self.rate >= RATE_TARGET and self.overhead <= OVERHEAD_TARGET

    def __str__(self) -> str:
        return (
            f"{f'verifying {self.rows:,} rows':40}{self.seconds:8.2f} s\n"
            f"{'rows a second':40}{self.rate:8,.0f}    (target: {RATE_TARGET:,} or more)\n"
            f"{'everything fits':40}{'yes' if self.fits else 'no':>8}\n"
            f"{'declaring, without history and seals':40}{self.bare * 1000:8.1f} ms\n"
            f"{'declaring, with both':40}{self.recorded * 1000:8.1f} ms\n"
            f"{'overhead':40}{self.overhead:8.2f}    (target: {OVERHEAD_TARGET} or less)"
        )


def main() -> bool:
    """Measure, print the table, and return whether it is good."""
    with prepared():
        manage("procedures", "apply", "procedures/ado.yml")
        hire(1)
        print(f"Declaring {2 * TURNS * DECLARED_A_TURN} incidents…", flush=True)
        recorded, bare = declarations()
        print(f"Writing and sealing {ROWS:,} rows…", flush=True)
        fill(ROWS, SEALS)
        measured = verification(recorded, bare)
    print(measured)
    return measured.is_good


def declarations(turns: int = TURNS, a_turn: int = DECLARED_A_TURN) -> tuple[float, float]:
    """Seconds that a declaration takes with history and seals, and without either: the medians of so many turns."""
    from django.conf import settings

    from apps.audit import sealing

    recorded, bare = [], []
    declare(a_turn)
    for _ in range(turns):
        settings.SIMPLE_HISTORY_ENABLED = False
        bare.append(declare(a_turn))
        settings.SIMPLE_HISTORY_ENABLED = True
        sealing.seal()  # what lay before the turn
        seconds = declare(a_turn)
        begun = time.perf_counter()
        sealing.seal()
        recorded.append(seconds + (time.perf_counter() - begun) / a_turn)
    return statistics.median(recorded), statistics.median(bare)


def declare(number: int) -> float:
    """Declare so many incidents; return the seconds that each took in the mean."""
    from apps.incidents import actions
    from apps.incidents.models import Severity, Via
    from apps.teams.models import Team

    severity, team = Severity.objects.get(code="P0"), Team.objects.get()
    begun = time.perf_counter()
    for place in range(number):
        actions.declare(title=f"Incident {place}", severity=severity, team=team, by=None, via=Via.WEB)
    return (time.perf_counter() - begun) / number


def fill(rows: int, seals: int) -> None:
    """Let there be so many rows more, nine tenths of them events and the others history, under so many seals."""
    from apps.audit import sealing

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as application:
        for _ in range(seals):
            application.execute(_EVENTS, [rows * 9 // 10 // seals])
            application.execute(_HISTORY, [rows // 10 // seals])
            sealing.seal()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def verification(recorded: float, bare: float) -> Measured:
    """Verify everything."""
    from apps.audit.verifying import verify

    report = verify(every=True)
    return Measured(report.rows, report.seconds, report.fits, recorded, bare)


_EVENTS = """
    INSERT INTO incidents_timelineevent (incident_id, at, kind, actor_id, via, text, data)
    SELECT incident_id, now(), kind, actor_id, via, text, data
      FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM incidents_timelineevent
             WHERE incident_id = (SELECT max(id) FROM incidents_incident)) AS template
      JOIN generate_series(1, %s) AS n ON place = 1 + mod(n, 5)
"""

_HISTORY = """
    INSERT INTO incidents_historicalchecklistitem (id, part, position, text, command, gates, done, waived_reason, at,
        incident_id, by_id, history_date, history_change_reason, history_type, history_user_id)
    SELECT template.id, part, position, text, command, gates, done, waived_reason, at,
           incident_id, by_id, now(), history_change_reason, '~', history_user_id
      FROM (SELECT * FROM incidents_historicalchecklistitem ORDER BY history_id DESC LIMIT 1) AS template,
           generate_series(1, %s)
"""
