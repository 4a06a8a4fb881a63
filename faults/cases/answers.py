"""Somebody acknowledges at the moment in which the next level is due."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

from faults import racing
from faults.house import House
from faults.programs import end_with_driver, forking
from faults.table import case

PROCESSES = 2
"""Each has two connections."""


@case(
    "acknowledge races",
    numbers={"tries": (10_000, 200)},
    done="{tries:,} times one connection acknowledges an incident while another decides its second level, which is due",
    expected="the level was skipped, or it fired before the acknowledgement; never a page planned after it, and no "
    "delivery goes on",
)
def acknowledge_races(house: House) -> str:
    house.declare(PROCESSES)
    incidents = [int(fact.incident.removeprefix("INC-")) for fact in house.facts()]
    tries = house.number("tries") // PROCESSES
    with ProcessPoolExecutor(PROCESSES, mp_context=forking, initializer=end_with_driver) as pool:
        results = list(pool.map(racing.race, incidents, [tries] * PROCESSES))
    skipped, fired = sum(each.skipped for each in results), sum(each.fired for each in results)
    house.complaints += [complaint for each in results for complaint in each.complaints]
    house.expect(skipped + fired == tries * PROCESSES, f"only {skipped + fired} tries ended")
    house.expect(min(skipped, fired) > tries / 100, "one side nearly always won: that was no race")
    house.start("worker", "beat")
    account = house.finish()
    house.expect(not house.mail.kept(), f"{len(house.mail.kept())} pages were sent though all are acknowledged")
    return f"{skipped} times the level was skipped, {fired} times it fired before\n{account}"
