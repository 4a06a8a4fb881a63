"""The three scripts of the procedures document, as a shell runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from django.db import connection

from apps.incidents.models import Incident
from launcher.ports import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

PROJECT = Path(__file__).resolve().parents[2]


def run(script: str, *arguments: str, cwd: Path = PROJECT, **variables: str) -> subprocess.CompletedProcess[str]:
    """The script, on the database of this test."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {"DATABASE_URL": url, "PYTHON": sys.executable} | variables
    command = ["sh", str(PROJECT / "scripts" / script), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env=environment)


@contextmanager
def a_house(*, ready: int) -> Iterator[str]:
    """A web server whose process lives, and that is ready or not."""

    class Probes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(ready if self.path == "/readyz" else 200)
            self.end_headers()
            self.wfile.write(b"the database is away" if self.path == "/readyz" else b"ok")

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Probes)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_report_of_an_incident_is_written_by_its_id(incident: Incident, tmp_path: Path) -> None:
    done = run("generate-incident-report.sh", "--incident-id", incident.reference, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{incident.reference}.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("arguments", [(), ("--incident-id",), ("--what", "INC-1"), ("--incident-id", "INC-99999999")])
def test_a_report_of_nothing_fails_in_words(transactional_db: None, arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run("generate-incident-report.sh", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert "Usage:" in done.stderr or "There is no incident INC-99999999." in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_health_check_names_what_failed(incident: Incident) -> None:
    with a_house(ready=503) as url:
        done = run("emergency-health-check.sh", URL=url)
    assert done.returncode == 1
    assert f"ok      {url}/healthz: 200 ok" in done.stdout
    assert f"FAILED  {url}/readyz: 503 the database is away" in done.stdout
    assert "Not healthy" in done.stdout


def test_a_house_without_health_checks_is_healthy_and_says_so(transactional_db: None) -> None:
    with a_house(ready=200) as url:
        done = run("emergency-health-check.sh", URL=url)
    assert (done.returncode, done.stderr.count("no health check")) == (0, 1), done.stdout + done.stderr
    assert "note    no service has a health check" in done.stdout
    assert "Healthy." in done.stdout


def test_the_health_check_names_a_house_that_does_not_answer(incident: Incident) -> None:
    done = run("emergency-health-check.sh", URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "FAILED  http://127.0.0.1:9/healthz" in done.stdout


def test_a_restart_where_nothing_runs_changes_nothing_and_says_so(transactional_db: None, tmp_path: Path) -> None:
    done = run("emergency-restart.sh", DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "Nothing of this product runs here" in done.stderr


#: Stands for the launcher: holds its lock, starts again what ends, and writes both down. The first child is none of the
#: product's own.
LAUNCHER = """
import fcntl, os, subprocess, sys, threading
folder, port, server = sys.argv[1:]
file = open(f"{folder}/launcher.lock", "a+")
fcntl.flock(file, fcntl.LOCK_EX)
print(os.getpid(), port, file=file, flush=True)
log = open(f"{folder}/log", "a")
def keep(name, *command):
    while True:
        print("began", name, file=log, flush=True)
        subprocess.Popen([sys.executable, "-c", *command]).wait()
        print("ended", name, file=log, flush=True)
subprocess.Popen(["sleep", "100"])
idle = "import time; time.sleep(100)"
for name, *command in [
    ("standby", idle, "engine", "run"), ("beat", idle, "-A", "ado_incidents", "beat"),
    ("pages", idle, "-A", "ado_incidents", "worker"), ("chores", idle, "-A", "ado_incidents", "worker"),
    ("web", server, "granian", port),
]:
    threading.Thread(target=keep, args=(name, *command)).start()
"""
SERVER = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Ready).serve_forever()
"""


def test_a_restart_ends_the_products_processes_alone_and_waits_until_it_is_ready(
    transactional_db: None, tmp_path: Path
) -> None:
    port = str(free_port())
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(tmp_path), port, SERVER], start_new_session=True)
    try:
        transport = httpx.HTTPTransport(retries=8)  # with a growing pause between them
        with httpx.Client(transport=transport, trust_env=False) as patient:
            assert patient.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        other = {child.pid for child in psutil.Process(launcher.pid).children() if child.name() == "sleep"}
        (tmp_path / "log").write_text("")
        done = run("emergency-restart.sh", DATA_DIR=str(tmp_path), PORT="1")
        assert done.returncode == 0, done.stderr
        assert f"Ready again: http://127.0.0.1:{port}/readyz" in done.stdout
        assert other == {child.pid for child in psutil.Process(launcher.pid).children() if child.name() == "sleep"}
        lines = (tmp_path / "log").read_text().split("\n")
        ended = [line.removeprefix("ended ") for line in lines if line.startswith("ended ")]
        assert (ended[0], sorted(ended[1:3]), ended[3:]) == ("web", ["chores", "pages"], ["beat", "standby"])
        assert lines[:-1] == [f"{what} {name}" for name in ended for what in ("ended", "began")], "one after the other"
    finally:
        os.killpg(launcher.pid, signal.SIGKILL)
        launcher.wait()
