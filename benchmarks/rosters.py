"""A year of shifts against the same roster as iCalendar, and who is on call now in 5,000 rosters.

The year is that of ``benchmarks.three_layers``; ``recurring-ical-events`` expands the calendars that
``benchmarks.icalendar_reference`` writes of it, which the tests show to say the same. On call now is asked with 90 days
of shifts a roster and with five years of them.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks.house import prepared

ROSTERS = 5_000
#: Shifts of a week: 90 days of them, and five years and the 120 days ahead.
FEW, MANY = timedelta(days=90), timedelta(days=5 * 365 + 120)
AHEAD = timedelta(days=60)
ROUNDS = 21
FASTER_TARGET = 5.0
RATIO_TARGET = 1.2


@dataclass(frozen=True)
class Measured:
    """Medians: seconds for a year of shifts, by us and by the library; seconds for on call now, and its queries."""

    ours: float
    library: float
    few: float
    many: float
    queries: int

    @property
    def times_faster(self) -> float:
        return self.library / self.ours

    @property
    def ratio(self) -> float:
        return self.many / self.few

    @property
    def is_good(self) -> bool:
        return self.times_faster >= FASTER_TARGET and self.ratio <= RATIO_TARGET and self.queries == 1

    def __str__(self) -> str:
        return (
            f"{'a year of three layers, by our rules':48}{self.ours * 1000:9.1f} ms\n"
            f"{'the same by recurring-ical-events':48}{self.library * 1000:9.1f} ms\n"
            f"{'times faster':48}{self.times_faster:9.1f}     (target: {FASTER_TARGET:.0f} or more)\n"
            f"{f'on call now in {ROSTERS:,} rosters, 90 days of shifts':48}{self.few * 1000:9.1f} ms\n"
            f"{'the same, five years of shifts':48}{self.many * 1000:9.1f} ms\n"
            f"{'ratio':48}{self.ratio:9.2f}     (target: {RATIO_TARGET} or less)\n"
            f"{'queries':48}{self.queries:9}     (target: 1)"
        )


def main() -> bool:
    """Measure, print the table, and return whether it is good."""
    with prepared():
        measured = measure()
    print(measured)
    return measured.is_good


def measure(*, rosters: int = ROSTERS, rounds: int = ROUNDS) -> Measured:
    """Measure both. There must be no shifts yet."""
    ours, library = year_of_shifts(rounds)
    few, many, queries = on_call(rosters, rounds)
    return Measured(ours, library, few, many, queries)


def year_of_shifts(rounds: int) -> tuple[float, float]:
    """Median seconds for a year of shifts: by our rules, and for the library to expand its calendars."""
    from apps.rosters.rules import compute
    from benchmarks.icalendar_reference import expand_all, write
    from benchmarks.three_layers import LAYERS, YEAR, ZONE

    written = [write(layer, ZONE) for layer in LAYERS]
    return (
        median_seconds(lambda: compute(LAYERS, [], zone=ZONE, window=YEAR), rounds),
        median_seconds(lambda: expand_all(written, YEAR), rounds),
    )


def on_call(rosters: int, rounds: int) -> tuple[float, float, int]:
    """Median seconds for who is on call now with few and with many shifts, and how many queries it takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.rosters import queries

    now = datetime.now(UTC)
    hire(rosters)
    seconds = []
    for length in (FEW, MANY):
        print(f"Filling {rosters:,} rosters with {length.days:,} days of shifts…", flush=True)
        fill(since=now + AHEAD - length, until=now + AHEAD)
        found = queries.on_call(at=now)
        if len(found) != rosters or not all(each.person and each.next_person for each in found):
            raise AssertionError(f"{len(found)} of {rosters} rosters have somebody on call and next")
        seconds.append(median_seconds(lambda: queries.on_call(at=now), rounds))
    with CaptureQueriesContext(connection) as captured:
        queries.on_call(at=now)
    return seconds[0], seconds[1], len(captured)


def hire(rosters: int) -> None:
    """Rosters of one team each hundred, and ten people who take turns in all of them."""
    from apps.rosters.models import Roster
    from apps.teams.actions import add_member
    from apps.teams.models import Team, TeamRole, User

    teams = [Team.objects.create(slug=f"t{number}", name=f"Team {number}") for number in range(-(-rosters // 100))]
    for number in range(10):
        person = User.objects.create_user(f"person{number}@example.com", name=f"Person {number}")
        add_member(person, teams[0], TeamRole.RESPONDER)
    Roster.objects.bulk_create(
        Roster(slug=f"r{number}", name=f"Roster {number}", team=teams[number // 100]) for number in range(rosters)
    )


def fill(*, since: datetime, until: datetime) -> None:
    """Give every roster shifts of a week from ``since`` to ``until``, and none else."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("TRUNCATE rosters_shift")
        owner.execute(
            """
            INSERT INTO rosters_shift (roster_id, seat, person_id, during, source, changed_at)
            SELECT roster.id, 0, people.ids[1 + week.n %% array_length(people.ids, 1)],
                   tstzrange(week.start, week.start + interval '7 days'), 'layer', now()
              FROM (SELECT array_agg(id ORDER BY id) AS ids FROM teams_user) AS people,
                   rosters_roster AS roster,
                   LATERAL (SELECT n, %(since)s::timestamptz + (n * 7 - roster.id %% 7) * interval '1 day' AS start
                              FROM generate_series(0, %(weeks)s) AS n) AS week
            """,
            {"since": since, "weeks": (until - since).days // 7 + 1},
        )
        owner.execute("VACUUM ANALYZE")


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """How long ``work`` takes: the median of ``rounds``, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
