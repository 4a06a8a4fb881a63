"""PostgreSQL is stopped under a running web server: real processes, and what each address answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.db import connection

from apps.alerts.actions import create_integration
from apps.alerts.models import Format
from apps.operation.emergency import keeping, passes
from apps.teams.models import Team, TeamRole, User
from launcher import commands
from launcher.placement import installation
from launcher.ports import free_port
from launcher.postgres import Postgres
from tests.factories.incidents import make_procedures
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person, make_team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.timeout(240)]

PROJECT = Path(__file__).resolve().parents[2]
#: So many alerts are accepted before the database goes, in the midst of more.
ENOUGH = 20


@dataclass
class World:
    """A web server on a database of its own; ``key`` is that of an integration, ``rita`` somebody on call."""

    http: httpx.Client
    postgres: Postgres
    key: str
    rita: User


@pytest.fixture
def team(transactional_db: None) -> Team:
    make_procedures()
    return make_team()


@pytest.fixture
def world(team: Team, tmp_path: Path, settings: Any) -> Iterator[World]:
    settings.EMERGENCY_DIR = str(tmp_path / "emergency")
    rita = make_person("Rita", team, TeamRole.RESPONDER)
    put_on_call(team, rita)
    key = create_integration(team=team, sender_format=Format.GENERIC, name="Monitoring", service=None, by=None)[1]
    keeping.write()
    postgres = Postgres(tmp_path, log=tmp_path / "postgres.log", durable=False)
    tmp_path.chmod(0o711)
    try:
        postgres.start()
        copy_database(postgres.addresses.superuser)
        port = free_port()
        command = [sys.executable, *commands.web("127.0.0.1", port)]
        server = subprocess.Popen(command, cwd=PROJECT, env=variables(postgres, tmp_path))
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as http:
                until_it_answers(http)
                yield World(http, postgres, key, rita)
        finally:
            server.terminate()
            server.wait(20)
    finally:
        postgres.remove()


def variables(postgres: Postgres, folder: Path) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": postgres.addresses.superuser,
        "EMERGENCY_DIR": str(folder / "emergency"),
        "ALLOWED_HOSTS": "127.0.0.1",
    }


def copy_database(to: str) -> None:
    """Copy the database of this test, tables and all."""
    name = connection.settings_dict["NAME"]
    source = psycopg.conninfo.make_conninfo(os.environ["DATABASE_URL"], dbname=name)
    binaries = installation(None) / "bin"
    dump = [str(binaries / "pg_dump"), "--no-owner", "--schema", "public", "--clean", "--if-exists", "--dbname", source]
    text = subprocess.run(dump, check=True, capture_output=True).stdout
    subprocess.run([str(binaries / "psql"), "--quiet", "--dbname", to], input=text, check=True, capture_output=True)


def until_it_answers(http: httpx.Client) -> None:
    transport = httpx.HTTPTransport(retries=10)  # with a growing pause between them
    with httpx.Client(base_url=http.base_url, trust_env=False, timeout=20, transport=transport) as patient:
        assert patient.get("/healthz").status_code == 200


def test_with_postgresql_stopped_the_house_says_so_and_loses_nothing(world: World) -> None:
    accepted, enough, refused = 0, threading.Event(), threading.Event()

    def post() -> None:
        nonlocal accepted
        for number in range(100_000):
            answer = world.http.post(f"/ingest/generic/{world.key}/", json={"title": f"Alert {number}"})
            if answer.status_code != 202:
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
                refused.set()
                return
            accepted += 1
            if accepted == ENOUGH:
                enough.set()

    sender = threading.Thread(target=post)
    sender.start()
    assert enough.wait(60)
    world.postgres.stop()
    assert refused.wait(60)
    sender.join(60)

    assert world.http.get("/healthz").status_code == 200
    ready = world.http.get("/readyz")
    assert ready.status_code == 503
    assert json.loads(ready.text)["checks"]["database"] == {"state": "failed", "detail": "The database is away."}
    cookie = {"Cookie": f"{passes.cookie_name()}={passes.cookie_for(world.rita)}"}
    page = world.http.get("/emergency/", headers=cookie)
    assert page.status_code == 200
    assert "rita@example.com" in page.text

    world.postgres.start()
    with psycopg.connect(world.postgres.addresses.superuser) as database:
        (stored,) = database.execute("SELECT count(*) FROM alerts_inboxentry").fetchone() or (0,)
    assert stored >= accepted >= ENOUGH
