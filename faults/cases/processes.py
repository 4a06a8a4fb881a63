"""Workers that are killed, that work beside others, that have the wrong time; a beat that is gone."""

from __future__ import annotations

import random
import time

from faults.house import House
from faults.organisation import SECOND_LEVEL_AFTER
from faults.programs import Twist
from faults.table import case

_LEASED_BY_THE_DEAD = """
    SELECT count(*) FROM engine_timer
     WHERE state = 'leased' AND leased_by NOT IN (
        SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1)
"""
_TAKEN_BACK = "SELECT count(*) FROM engine_timer WHERE attempts > 1 AND state = 'done'"
_DONE = "SELECT count(*) FROM engine_timer WHERE state = 'done' AND (payload ? 'level' OR payload ? 'delivery')"
CLOCK_OFF_BY = 120.0


@case(
    "worker killed",
    numbers={"incidents": (1000, 60), "kills": (100, 8), "two": (100, 30)},
    done="{incidents:,} incidents declared, {two} of which page two levels; then two workers and beat started, and one "
    "worker or the other killed (kill -9) {kills} times at random moments while pages are due; each is started again "
    "at once",
    expected="every page once; once more at most for each time that its sending was cut off and is marked so",
)
def worker_killed(house: House) -> str:
    incidents, kills, two = house.number("incidents"), house.number("kills"), house.number("two")
    workers = ("worker 1", "worker 2")
    failed = house.declare(two) + house.declare(incidents - two, severity="P1")
    house.expect(not failed, f"{len(failed)} declarations failed")
    house.start(*workers, "beat")
    steps, in_the_middle, done = 2 * (incidents + two), 0, 0  # a level or two of each, and the page of either
    for number in range(kills):
        wanted = steps * number // (kills + 1)
        if not house.until(lambda wanted=wanted: house.count(_DONE) > wanted, within=120, what=f"{wanted} steps"):
            break
        time.sleep(random.uniform(0, 0.2))
        house.expect(house.count(_DONE) < steps, f"nothing was left to do at kill {number + 1}")
        victim = random.choice(workers)
        house.kill(victim)
        in_the_middle += house.count(_LEASED_BY_THE_DEAD) > 0
        house.start(victim)
        done += 1
    account = house.finish(within=180)
    house.expect(done == kills, f"{done} kills of {kills}")
    house.expect(in_the_middle > kills / 4, "few kills hit a worker that was handling something")
    again = house.count(_TAKEN_BACK)
    return f"{done} kills, {in_the_middle} of them within a handler; {again} timers done in a later attempt\n{account}"


@case(
    "beat gone",
    numbers={"before": (2, 2), "after": (15, 15)},
    done="worker, standby and beat work and {before} incidents are paged; beat is killed and does not come back; "
    "{after} incidents are declared",
    expected=f"wake-ups and the standby do without it: level 1 and, {SECOND_LEVEL_AFTER.seconds} s later, level 2",
)
def beat_gone(house: House) -> str:
    house.start("worker", "standby", "beat")
    before = house.number("before")
    house.declare(before)
    house.until(lambda: len(house.mail.kept()) >= before, within=30, what="the first pages")
    house.kill("beat")
    house.declare(house.number("after"))
    account = house.finish()
    house.expect_prompt(account.latest, within=15)
    return str(account)


@case(
    "two and a standby",
    numbers={"incidents": (30, 30)},
    done="two Celery workers with beat, an `engine run` and a standby that is always ready work the same table; "
    "{incidents} incidents are declared",
    expected="nothing twice, nothing unknown, no timer attempted twice",
)
def two_workers_and_the_standby(house: House) -> str:
    house.start("worker 1", "worker 2", "beat", "engine", "standby")
    house.declare(house.number("incidents"))
    account = house.finish()
    again = house.count(_TAKEN_BACK)
    house.expect(not account.unknown, f"{account.unknown} outcomes unknown though nothing broke")
    house.expect(not again, f"{again} timers attempted twice")
    return f"{again} timers attempted twice\n{account}"


@case(
    "clock off by 2 min",
    numbers={"incidents": (10, 10)},
    done="of two workers one has a clock that is 2 min ahead, then one that is 2 min behind; {incidents} incidents are "
    "declared each time",
    expected="no level before it is due by the database's clock, none late",
)
def clock_off(house: House) -> str:
    number = house.number("incidents")
    earliest = []
    for ahead in (CLOCK_OFF_BY, -CLOCK_OFF_BY):
        house.start("worker off", twist=Twist(clock_ahead=ahead))
        house.start("worker right", "beat", "standby")
        house.declare(number)
        house.finish()
        house.kill()
        earliest.append(_earliest_second_level(house))
    account = house.finish()
    house.expect(min(earliest) >= SECOND_LEVEL_AFTER.total_seconds(), f"level 2 came after {min(earliest):.1f} s")
    house.expect_prompt(account.latest, within=10)
    return f"level 2 came {min(earliest):.1f} s after the declaration at the earliest\n{account}"


def _earliest_second_level(house: House) -> float:
    """How many seconds after its declaration the first page of a second level came."""
    declared = dict(house.rows("SELECT 'INC-' || id, declared_at FROM incidents_incident"))
    return min(
        (mail.at - declared[incident]).total_seconds()
        for mail in house.mail.kept()
        for incident, level in mail.covers
        if level == 2
    )
