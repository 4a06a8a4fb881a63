"""The three scripts of the procedures document, as a shell runs them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from apps.incidents.models import Incident

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


def test_the_health_check_names_a_house_that_does_not_answer(incident: Incident) -> None:
    done = run("emergency-health-check.sh", URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "FAILED  http://127.0.0.1:9/healthz" in done.stdout


def test_a_restart_where_nothing_runs_changes_nothing_and_says_so(transactional_db: None, tmp_path: Path) -> None:
    done = run("emergency-restart.sh", DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "Nothing of this product runs here" in done.stderr
