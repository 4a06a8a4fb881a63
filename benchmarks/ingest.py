"""How many bodies a second are stored durably, beside a Django view that does nothing: same server, same run.

The web server is the one of ``make run`` (its command comes from there), PostgreSQL writes through to the disk, and
the view it is compared with has no middleware before it. No worker runs: what is measured is taking in.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.house import prepared, wait_for
from benchmarks.load import Load, Result, run
from launcher import commands
from launcher.configuration import PROJECT
from launcher.ports import LOOPBACK, free_port
from launcher.program import Program

TARGET = 0.5
ROUNDS = 4
SECONDS = 1.5
WARM_UP = 1.0

BODY = json.dumps(
    {
        "version": "4",
        "status": "firing",
        "receiver": "all",
        "groupKey": '{}:{alertname="ADOApplicationDown"}',
        "alerts": [
            {
                "status": "firing",
                "labels": {
                    "alertname": "ADOApplicationDown",
                    "component": "application",
                    "severity": "critical",
                    "team": "platform",
                },
                "annotations": {
                    "summary": "ADO application is down",
                    "description": "ADO application has been down for more than 1 minute",
                    "runbook_url": "https://docs.ado.com/runbooks/application-down",
                },
                "startsAt": "2026-03-02T10:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example:9090/graph",
                "fingerprint": "699de64ae8ff5e73",
            }
        ],
    }
).encode()


@dataclass(frozen=True)
class Measured:
    """What both loads brought, and how many bodies the inbox gained meanwhile."""

    nothing: Result
    ingest: Result
    stored: int

    @property
    def ratio(self) -> float:
        return self.ingest.rate / self.nothing.rate

    @property
    def is_good(self) -> bool:
        """Whether the target was reached, every request accepted, and everything accepted stored."""
        accepted = self.ingest.answers[202]
        return self.ratio >= TARGET and set(self.ingest.answers) == {202} and self.stored == accepted

    def __str__(self) -> str:
        return (
            f"{'view that does nothing':24}{self.nothing.rate:10,.0f} requests/s   {dict(self.nothing.answers)}\n"
            f"{'durable ingest':24}{self.ingest.rate:10,.0f} requests/s   {dict(self.ingest.answers)}\n"
            f"{'ratio':24}{self.ratio:10.2f} (target: {TARGET} or more)\n"
            f"{'bodies stored':24}{self.stored:10,} of {self.ingest.answers[202]:,} accepted"
        )


def main() -> bool:
    """Measure, print the table, and return whether it is good."""
    with prepared() as folder:
        path = new_integration_path()
        with web_server(folder) as port:
            print(f"Measuring with bodies of {len(BODY)} bytes, {ROUNDS} rounds of {SECONDS} s each…", flush=True)
            measured = measure(port, path)
    print(measured)
    return measured.is_good


def measure(port: int, path: str) -> Measured:
    """Put both loads on the server in rounds that take turns, so that what else the machine does falls on both."""
    addresses = ("/nothing/", path)
    for address in addresses:
        run(Load(port, address, BODY, WARM_UP))
    before = stored_bodies()
    rounds = [[run(Load(port, address, BODY, SECONDS)) for address in addresses] for _ in range(ROUNDS)]
    nothing, ingest = (sum(results[1:], results[0]) for results in zip(*rounds, strict=True))
    return Measured(nothing, ingest, stored=stored_bodies() - before)


@contextmanager
def web_server(folder: Path) -> Iterator[int]:
    """The web server as ``make run`` starts it; yields its port."""
    port = free_port()
    log = folder / "web.log"
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    web = Program("web", commands.web(LOOPBACK, port), log=log, env=env, cwd=PROJECT)
    web.start()
    try:
        wait_for(f"http://{LOOPBACK}:{port}/nothing/")
        yield port
        sys.stderr.write(log.read_text())
    finally:
        web.stop()


def new_integration_path() -> str:
    """Make an integration and return the path of its address."""
    from apps.alerts import actions
    from apps.alerts.models import Format
    from apps.teams.models import Team

    team = Team.objects.create(slug="benchmark", name="Benchmark")
    integration, key = actions.create_integration(
        team=team, name="Benchmark", sender_format=Format.ALERTMANAGER, by=None
    )
    return f"/ingest/{integration.format}/{key}/"


def stored_bodies() -> int:
    """How many bodies the inbox holds."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        row = database.execute("SELECT count(*) FROM alerts_inboxentry").fetchone()
    return int(row[0]) if row else 0
