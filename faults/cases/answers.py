"""Somebody acknowledges at the moment in which the next level is due."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

from faults import racing
from faults.house import House
from faults.programs import end_with_driver, forking
from faults.table import case

PROCESSES = 2
"""Each has two connections."""
TRIES = 250
"""On one incident, which grows with each: at most."""


@case(
    "acknowledge races",
    numbers={"tries": (10_000, 200)},
    done="{tries:,} times one connection acknowledges an incident while another decides its second level, which is due",
    expected="the level was skipped, or it fired before the acknowledgement; never a page planned after it, and no "
    "delivery goes on",
    in_no_hurry=True,
)
def acknowledge_races(house: House) -> str:
    tries = house.number("tries")
    house.declare(max(PROCESSES, tries // TRIES))
    incidents = [int(fact.incident.removeprefix("INC-")) for fact in house.facts()]
    each = tries // len(incidents)
    with ProcessPoolExecutor(PROCESSES, mp_context=forking, initializer=end_with_driver) as pool:
        results = list(pool.map(racing.race, incidents, [each] * len(incidents)))
    skipped, fired = sum(raced.skipped for raced in results), sum(raced.fired for raced in results)
    house.complaints += [complaint for raced in results for complaint in raced.complaints]
    house.expect(skipped + fired == each * len(incidents) == tries, f"only {skipped + fired} tries ended")
    house.expect(min(skipped, fired) > tries / 100, "one side nearly always won: that was no race")
    house.start("worker", "beat")
    account = house.finish()
    house.expect(not house.mail.kept(), f"{len(house.mail.kept())} pages were sent though all are acknowledged")
    return f"{skipped} times the level was skipped, {fired} times it fired before\n{account}"
