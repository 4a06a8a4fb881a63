"""The broker and PostgreSQL: gone, and back."""

from __future__ import annotations

import threading
import time

import redis

from faults.forms import SHORT
from faults.house import House
from faults.table import case


@case(
    "broker gone",
    numbers={"incidents": (10, 10)},
    done="worker, beat and standby work, {incidents} incidents are declared; the broker ends, {incidents} are "
    "declared; a new one comes, empty, is emptied once more, and the standby is killed; {incidents} are declared",
    expected="the standby pages while it is gone; the worker by itself once it is back; a declaration takes less than "
    "half a second (in the short form: than with a broker and half a second)",
)
def broker_gone(house: House) -> str:
    number = house.number("incidents")
    valkey = house.ground.valkey
    house.start("worker", "beat", "standby")
    house.declare(1)  # the programs have begun by then
    with_it = _seconds_of_each(house, number - 1)
    valkey.stop()
    without_it = _seconds_of_each(house, number)
    meanwhile = house.finish()
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    house.kill("standby")
    house.declare(number)
    account = house.finish()
    house.expect_prompt(meanwhile.latest, within=15, what="a page without a broker")
    busy = with_it if house.form is SHORT else 0.0  # what a machine with more to do takes is not the broker's fault
    said = f"a declaration took {without_it * 1000:.0f} ms without a broker, {with_it * 1000:.0f} ms with it"
    house.expect(without_it < 0.5 + busy, said)
    return f"{said}\n{account}"


def _seconds_of_each(house: House, number: int) -> float:
    """Declare so many incidents; what one of them took."""
    begun = time.monotonic()
    house.declare(number)
    return (time.monotonic() - begun) / number


@case(
    "PostgreSQL restarted",
    numbers={"incidents": (60, 40), "restarts": (3, 1)},
    done="two workers and beat work, {incidents} incidents are declared all the while; PostgreSQL is ended as `pg_ctl "
    "stop -m immediate` does, and started again, {restarts} times",
    expected="what was committed is paged, by the same workers; what was being sent perhaps twice, and marked so",
)
def postgres_restarted(house: House) -> str:
    house.start("worker 1", "worker 2", "beat")
    failed: list[str] = []
    number, restarts = house.number("incidents"), house.number("restarts")
    declaring = threading.Thread(target=lambda: failed.extend(house.declare(number)))
    declaring.start()
    for restart in range(restarts):
        wanted = number * (restart + 1) // (restarts + 1)
        house.until(lambda wanted=wanted: len(house.mail.kept()) > wanted / 2, within=60, what="some pages")
        house.ground.crash_postgres()
        time.sleep(1.0)
        house.ground.postgres.start()
    declaring.join()
    account = house.finish(within=180)
    committed = len(house.facts())
    house.expect(failed, "PostgreSQL was away and no declaration failed")
    house.expect(committed >= number - len(failed), f"{number - len(failed)} were declared, {committed} are there")
    return f"{len(failed)} declarations failed, {committed} were committed\n{account}"
