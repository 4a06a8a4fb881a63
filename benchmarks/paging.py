"""How long it takes from a declaration to the provider's receipt of the first page, in a whole house.

PostgreSQL that writes through to the disk, Valkey, web server, worker, beat and standby as ``make run`` starts them,
and a mail server in a process of its own for a provider. Incidents are declared over the API at a fixed rate, however
long the answers take, each for another team with one person on call. Measured from the instant before the request is
sent to the instant at which the mail server has the whole page.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.house import manage, prepared, wait_for
from launcher import commands
from launcher.configuration import PROJECT
from launcher.ports import LOOPBACK, free_port
from launcher.program import Program

TARGET = 1.0
PEOPLE = 200
A_MINUTE = 200
SECONDS = 75
WARM_UP = 15
#: Pages that have not come by then count as lost.
LAST_PAGE_WITHIN = 30.0


@dataclass(frozen=True)
class Measured:
    """Seconds from declaration to receipt of those pages that came, and how many incidents were declared."""

    seconds: list[float]
    answers: list[float]
    declared: int

    def quantile(self, share: float, *, of: list[float] | None = None) -> float:
        """The nearest rank: what ``share`` of all took at most."""
        ordered = sorted(self.seconds if of is None else of)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    @property
    def is_good(self) -> bool:
        return len(self.seconds) == self.declared and self.quantile(0.99) < TARGET

    def __str__(self) -> str:
        rows = [f"{'pages that came':32}{len(self.seconds):8,} of {self.declared:,} incidents"]
        if self.seconds:
            rows += [f"{f'declare to receipt, {name}':32}{value:8.3f} s" for name, value in (
                ("median", self.quantile(0.5)), ("p95", self.quantile(0.95)), ("p99", self.quantile(0.99)),
                ("longest", max(self.seconds)),
            )]  # fmt: skip
            rows.append(f"{'of which until the API answered':32}{self.quantile(0.5, of=self.answers):8.3f} s median, "
                        f"{self.quantile(0.99, of=self.answers):.3f} s p99")  # fmt: skip
        return "\n".join([*rows, f"{'target: p99 below':32}{TARGET:8.3f} s"])


def main() -> bool:
    """Measure, print the table, and return whether it is good."""
    with prepared() as folder:
        print(f"Hiring {PEOPLE} people…", flush=True)
        manage("procedures", "apply", "procedures/ado.yml")
        token = hire(PEOPLE)
        with running(folder) as house:
            print(f"Declaring {A_MINUTE} incidents a minute for {SECONDS} s…", flush=True)
            measured = measure(house, token, seconds=SECONDS)
    print(measured)
    return measured.is_good


@dataclass(frozen=True)
class RunningHouse:
    """Where the pages answer, and where the mail server notes what came."""

    port: int
    notes: Path


def measure(house: RunningHouse, token: str, *, seconds: float, warm_up: int = WARM_UP) -> Measured:
    """Declare at the rate for ``seconds``, after some to get warm, and wait for the pages."""
    declare_all(house, token, warm_up, first=0)
    wait_for_pages(house, warm_up)
    number = round(seconds * A_MINUTE / 60)
    declared = declare_all(house, token, number, first=warm_up)
    wait_for_pages(house, warm_up + number)
    received = pages(house)
    came = [received[title] - begun for title, (begun, _) in declared.items() if title in received]
    return Measured(came, [answered - begun for begun, answered in declared.values()], declared=number)


def declare_all(house: RunningHouse, token: str, number: int, *, first: int) -> dict[str, tuple[float, float]]:
    """Declare ``number`` incidents, each at its instant; return when each was sent and answered, by its title."""

    def declare_at(place: int, instant: float) -> tuple[str, tuple[float, float]]:
        time.sleep(max(0.0, instant - time.monotonic()))
        title = f"Benchmark {place:06}"
        body = {"title": title, "severity": "P0", "team": f"team-{place % PEOPLE}"}
        begun = time.monotonic()
        post(house.port, token, body)
        return title, (begun, time.monotonic())

    begin = time.monotonic() + 0.2
    with ThreadPoolExecutor(min(number, 32)) as threads:
        instants = [begin + place * 60 / A_MINUTE for place in range(number)]
        return dict(threads.map(declare_at, range(first, first + number), instants))


def post(port: int, token: str, body: dict[str, str]) -> None:
    """Declare over the API, as an integration does. Raises RuntimeError unless it was created."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/incidents/", json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != http.client.CREATED:
        raise RuntimeError(f"{answer.status}: {text[:500]!r}")


def pages(house: RunningHouse) -> dict[str, float]:
    """When the first page of each incident came, by the incident's title."""
    received: dict[str, float] = {}
    for line in house.notes.read_text(encoding="utf-8").splitlines():
        at, kind, subject = line.split("\t", 2)
        title = re.search(r"Benchmark \d{6}", subject)
        if kind == "page" and title:
            received.setdefault(title[0], float(at))
    return received


def wait_for_pages(house: RunningHouse, number: int) -> None:
    """Return once the pages of ``number`` incidents came, or no more are to be expected."""
    deadline = time.monotonic() + LAST_PAGE_WITHIN
    while len(pages(house)) < number and time.monotonic() < deadline:
        time.sleep(0.1)


def hire(number: int) -> str:
    """Make teams with one person each, on call day and night; return the token of somebody who declares for all."""
    from apps.contacts.models import ContactMethod, MethodKind
    from apps.core import clock
    from apps.rosters import actions as rosters
    from apps.rosters.models import Layer, LayerMember, Roster, Rotation
    from apps.teams import actions as teams
    from apps.teams.models import Scope, Team, TeamRole, User

    now = clock.now()
    for place in range(number):
        team = Team.objects.create(slug=f"team-{place}", name=f"Team {place}")
        person = User.objects.create_user(f"person-{place}@example.com", name=f"Person {place}")
        ContactMethod.objects.create(person=person, kind=MethodKind.EMAIL, value=person.email, verified_at=now)
        teams.add_member(person, team, TeamRole.RESPONDER)
        roster = Roster.objects.create(slug=team.slug, name=team.name, team=team, is_primary=True)
        starts_on = now.date() - timedelta(days=1)
        layer = Layer.objects.create(roster=roster, name="All", rotation=Rotation.WEEKS, length=52, starts_on=starts_on)
        LayerMember.objects.create(layer=layer, person=person)
        rosters.materialise(roster, now=now)
    administrator = User.objects.create_user("administrator@example.com", name="Administrator")
    teams.add_member(administrator, None, TeamRole.ADMIN)
    return teams.create_token(administrator, name="benchmark", scope=Scope.RESPOND)[1]


@contextmanager
def running(folder: Path) -> Iterator[RunningHouse]:
    """The processes of the house beside its servers, and the mail server."""
    port, mail_port, notes = free_port(), free_port(), folder / "received"
    notes.touch()
    env = os.environ | {"SITE_URL": f"http://{LOOPBACK}:{port}", "EMAIL_URL": f"smtp://{LOOPBACK}:{mail_port}"}
    programs = {
        "mailbox": ("-m", "benchmarks.mailbox", str(mail_port), str(notes)),
        "web": commands.web(LOOPBACK, port),
        "worker": commands.WORKER,
        "chores": commands.CHORES,
        "beat": commands.BEAT,
        "standby": commands.STANDBY,
    }
    logs = {name: folder / f"{name}.log" for name in programs}
    with ExitStack() as stack:
        for name, arguments in programs.items():
            program = Program(name, arguments, log=logs[name], env=env, cwd=PROJECT)
            stack.callback(program.stop)
            program.start()
        wait_for(f"http://{LOOPBACK}:{port}/readyz")
        yield RunningHouse(port, notes)
        for name in programs:
            sys.stderr.write(logs[name].read_text(encoding="utf-8"))
