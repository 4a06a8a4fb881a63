"""The whole product as ``make run`` starts it, seen from outside: API, sandbox, commands, and its processes to kill."""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import psutil
import psycopg

from tests.launcher.houses import House, command_line_of

logging.getLogger("httpx").setLevel(logging.WARNING)  # the tests ask every moment whether something is there

READY = "Ctrl-C ends everything."

#: What the processes of the house are known by in their command lines.
PROGRAMS = {
    "worker": "ado_incidents worker",
    "beat": "ado_incidents beat",
    "standby": "engine run",
    "broker": "valkey-server",
    "web": "granian",
    "sandbox": "-m sandbox",
}


class LivingHouse:
    """A running house. ``api`` speaks for the commander, who sees and responds to everything of the demo."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.run = house.start()
        self.run.until(READY, within=240)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{house.port}", trust_env=False, timeout=10)
        token = house.manage("create_token", "--user", "commander@example.com", "--name", "acceptance").strip()
        self._signed_in = {"Authorization": f"Bearer {token}"}

    def rehearse(self) -> None:
        """Page once, so that what is measured later is a house at work: the first of everything takes longer."""
        body = {"title": "Rehearsal", "severity": "P3", "team": "product", "drill": True}
        rehearsal = self.post("incidents/", body, key="rehearsal")["id"]
        eventually(lambda: self.outbox(incident=rehearsal), within=60)

    def get(self, path: str, **query: str) -> Any:
        """What the API answers below ``/api/v1/``; asked again while the web server is away."""
        return self._answer("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any], *, key: str) -> Any:
        """Post ``body``; the idempotency ``key`` makes it safe to ask again while the web server is away."""
        return self._answer("POST", path, json=body, headers={"Idempotency-Key": key})

    def outbox(self, *, incident: str, kind: str = "page") -> list[dict[str, Any]]:
        """The rows of the sandbox about an incident, oldest first."""
        rows = self._answer("GET", "/sandbox/outbox.json")
        return [row for row in rows if row["incident"] == incident and row["kind"] == kind]

    def kinds_on_timeline(self, incident: str) -> list[str]:
        """The kinds of the incident's first fifty events, oldest first."""
        return [event["kind"] for event in self.get(f"incidents/{incident}/timeline/")["results"]]

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What ``query`` finds in the database of the house."""
        with psycopg.connect(self._database_url()) as connection:
            return connection.execute(query, parameters).fetchall()

    def count(self, query: str, *parameters: object) -> int:
        """The number that ``query`` finds."""
        return int(self.rows(query, *parameters)[0][0])

    def kill(self, *names: str) -> None:
        """``kill -9`` the named programs at one go, each with whatever it started; the launcher starts them again."""
        for process in self._processes(names):
            process.kill()

    def freeze(self, *names: str) -> None:
        """Stop the named programs in the middle of what they do; they are not dead, so nobody starts them again."""
        for process in self._processes(names):
            process.send_signal(signal.SIGSTOP)

    def kill_launcher_and_start_again(self) -> None:
        """``kill -9`` the launcher, which takes everything with it, and start it on the same data."""
        self.run.process.kill()
        self.run.finished()
        eventually(lambda: not self.house.alive(), within=30)
        self.run = self.house.start()
        self.run.until(READY, within=120)

    def end(self) -> None:
        """Ask the house to end, which leaves nothing running."""
        self.run.process.send_signal(signal.SIGTERM)
        assert self.run.finished() == 0
        assert self.house.alive() == []

    def _processes(self, names: tuple[str, ...]) -> list[psutil.Process]:
        found = []
        for name in names:
            mine = [p for p in self.house.processes() if PROGRAMS[name] in command_line_of(p)]
            assert mine, f"{name} does not run"
            found += [process for parent in mine for process in (parent, *parent.children(recursive=True))]
        return list(dict.fromkeys(found))

    def _answer(self, method: str, path: str, **request: Any) -> Any:
        url = path if path.startswith("/") else f"/api/v1/{path}"
        headers = self._signed_in | request.pop("headers", {})
        deadline = time.monotonic() + 30
        while True:
            try:
                answer = self.http.request(method, url, headers=headers, **request)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, f"no answer to {method} {url}"
                time.sleep(0.05)
        assert answer.is_success, f"{method} {url}: {answer.status_code} {answer.text}"
        return answer.json()

    def _database_url(self) -> str:
        lines = (self.house.data_dir / "environment").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)["DATABASE_URL"]


def eventually(true: Callable[[], Any], *, within: float) -> Any:
    """What ``true()`` answers, as soon as that is true; fails with the last answer after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < deadline, f"not within {within:g} s; the last answer was {json.dumps(found)}"
        time.sleep(0.1)
    return found


def instant(text: str) -> datetime:
    """A time of the API or the sandbox as an aware datetime."""
    return datetime.fromisoformat(text)
