"""How long the proof looks at 5,000 open incidents of 100,000: is every page sent, planned or left out for a reason?

One incident is declared and paged as always; the others are copies of its rows and its timers, all but the open ones
over for good. Then a timer is deleted, which the same look has to find.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from benchmarks.house import manage, prepared
from benchmarks.paging import hire

TARGET = 1.0
ALL, OPEN = 100_000, 5_000
LOOKS = 7

#: Copies of a row lie so far apart: more than the template has rows in any table.
STRIDE = 10_000

#: The rows of an incident: table, how they are found, and what is not copied as it stands. ``n`` is the copy's number,
#: ``open`` whether it is open.
COPIED: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("incidents_incident", "id = %(incident)s", {
        "status": "CASE WHEN open THEN status ELSE 'cancelled' END",
    }),
    ("incidents_clock", "incident_id = %(incident)s", {
        "stopped_at": "CASE WHEN open THEN stopped_at ELSE now() END",
    }),
    ("escalation_run", "incident_id = %(incident)s", {
        "ended_at": "CASE WHEN open THEN ended_at ELSE now() END",
    }),
    ("escalation_runlevel", "run_id IN (SELECT id FROM escalation_run WHERE incident_id = %(incident)s)", {
        "state": "CASE WHEN open OR state <> 'pending' THEN state ELSE 'skipped' END",
    }),
    ("escalation_runlevel_people", "runlevel_id IN (SELECT id FROM escalation_runlevel WHERE id < %(stride)s)", {}),
    ("notifications_notification", "incident_id = %(incident)s", {}),
    ("notifications_delivery", "id < %(stride)s", {"message_id": "gen_random_uuid()"}),
    ("engine_timer", r"key ~ '^[a-z_.]+:\d+$' AND subject LIKE 'incident:%%'", {
        "key": "split_part(key, ':', 1) || ':' || split_part(key, ':', 2)::int + n * %(stride)s",
    }),
)  # fmt: skip

#: Of what is over no timers are left: finished ones are swept after a week.
ONLY_OF_OPEN = frozenset({"engine_timer"})

#: Columns that refer to a copied row.
REFERENCES = frozenset({"id", "incident_id", "run_id", "runlevel_id", "notification_id"})


@dataclass(frozen=True)
class Measured:
    """Seconds of the median look, how much it found where nothing is missing, and after a timer was deleted."""

    seconds: float
    found: int
    found_after_deletion: int
    open: int
    all: int

    @property
    def is_good(self) -> bool:
        return self.seconds < TARGET and (self.found, self.found_after_deletion) == (0, 1)

    def __str__(self) -> str:
        return (
            f"{f'a look at {self.open:,} open of {self.all:,}':36}{self.seconds:8.3f} s  (target: {TARGET:.0f} s)\n"
            f"{'missing, where nothing is':36}{self.found:8}\n"
            f"{'missing, after a timer was deleted':36}{self.found_after_deletion:8}"
        )


def main() -> bool:
    """Measure, print the table, and return whether it is good."""
    with prepared():
        manage("procedures", "apply", "procedures/ado.yml")
        hire(1)
        print(f"Copying an incident {ALL:,} times…", flush=True)
        measured = measure()
    print(measured)
    return measured.is_good


def measure(*, incidents: int = ALL, still_open: int = OPEN, looks: int = LOOKS) -> Measured:
    """Fill the tables and look. There must be no incident yet, and one team with somebody on call."""
    from apps.engine.models import State, Timer
    from apps.escalation import proof

    template = declare_and_page()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for table, found, changes in COPIED:
            copy(owner, table, found, changes, template, incidents - 1, still_open - 1)
            owner.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
    times, gaps = [], []
    for _ in range(looks):
        begun = time.perf_counter()
        gaps = proof.gaps()
        times.append(time.perf_counter() - begun)
    Timer.objects.filter(kind="escalation.level", state=State.PENDING).latest("pk").delete()
    return Measured(statistics.median(times), len(gaps), len(proof.gaps()), still_open, incidents)


def declare_and_page() -> int:
    """Declare an incident, let its first level page, and return its number."""
    from django.conf import settings

    from apps.engine.runner import run_due
    from apps.incidents import actions
    from apps.incidents.models import Severity, Via
    from apps.teams.models import Team

    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    incident = actions.declare(
        title="Template", severity=Severity.objects.get(code="P0"), team=Team.objects.get(), by=None, via=Via.WEB
    )
    run_due()
    return incident.pk


def copy(
    owner: psycopg.Connection[tuple[object, ...]],
    table: str,
    found: str,
    changes: Mapping[str, str],
    template: int,
    number: int,
    still_open: int,
) -> None:
    """Copy the template's rows of ``table`` ``number`` times, the last ``still_open`` of them as they are."""
    first = number - still_open + 1 if table in ONLY_OF_OPEN else 1
    columns = [str(row[0]) for row in owner.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )]  # fmt: skip
    values = [
        changes.get(name) or (f'"{name}" + n * %(stride)s' if name in REFERENCES else f'"{name}"') for name in columns
    ]
    owner.execute(
        f"""
        INSERT INTO {table} ({", ".join(f'"{name}"' for name in columns)})
        SELECT {", ".join(values)}
          FROM (SELECT * FROM {table} WHERE {found}) AS template,
               (SELECT n, n > %(number)s - %(open)s AS open
                  FROM generate_series(%(first)s::int, %(number)s::int) AS n) AS copies
         ORDER BY n
        """,  # noqa: S608  (names of this module)
        {"incident": template, "stride": STRIDE, "first": first, "number": number, "open": still_open},
    )
