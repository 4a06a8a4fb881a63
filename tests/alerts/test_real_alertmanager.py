"""Debian's Alertmanager is pointed at the ingest address, and its alerts become incidents."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, demo_app, make_server

import pytest

from apps.alerts import actions
from apps.alerts.ingest import Ingest
from apps.alerts.models import Format
from apps.catalog.models import Service
from apps.engine.runner import run_due
from apps.incidents.models import EventKind, Incident, Status, TimelineEvent
from apps.teams.models import Team
from launcher.ports import LOOPBACK, free_port
from tests.alerts.building import put_procedures_in_force

ALERTMANAGER = shutil.which("prometheus-alertmanager")
AMTOOL = shutil.which("amtool")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (ALERTMANAGER and AMTOOL), reason="prometheus-alertmanager and amtool are not installed"),
]

CONFIGURATION = """
route:
  receiver: ado
  group_by: [alertname, component]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: ado
    webhook_configs:
      - url: {url}
        send_resolved: true
"""


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base's name)
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Serves ingest on loopback."""
    ingest = Ingest(demo_app)
    with make_server(LOOPBACK, 0, ingest, server_class=ThreadingServer, handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
    ingest.close()


@contextmanager
def alertmanager(folder: Path, url: str) -> Iterator[Callable[..., None]]:
    """An Alertmanager that sends to ``url``; yields how to tell it of an alert."""
    configuration = folder / "alertmanager.yml"
    configuration.write_text(CONFIGURATION.format(url=url))
    address = f"http://{LOOPBACK}:{free_port()}"
    arguments = [
        f"--config.file={configuration}",
        f"--storage.path={folder / 'storage'}",
        f"--web.listen-address={address.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]

    def alert(*words: str) -> None:
        subprocess.run([str(AMTOOL), "alert", "add", f"--alertmanager.url={address}", *words], check=True, timeout=20)

    with (folder / "log").open("w") as log:
        process = subprocess.Popen([str(ALERTMANAGER), *arguments], stdout=log, stderr=log)
        try:
            until(lambda: _answers(f"{address}/-/ready"))
            yield alert
        finally:
            process.terminate()
            process.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as reply:  # noqa: S310  (a loopback address)
            return bool(reply.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline, "It did not happen within 30 s."
        time.sleep(0.1)


def test_what_alertmanager_fires_is_an_incident_and_what_it_resolves_is_on_the_timeline(
    tmp_path: Path, port: int, platform: Team, application: Service, monitoring: Service
) -> None:
    put_procedures_in_force()
    _, key = actions.create_integration(
        team=platform, name="Alertmanager", sender_format=Format.ALERTMANAGER, service=monitoring, by=None
    )
    labels = ("alertname=ADOApplicationDown", "component=application", "severity=critical", "team=platform")

    def recorded(kind: EventKind) -> bool:
        run_due()
        return TimelineEvent.objects.filter(kind=kind).exists()

    with alertmanager(tmp_path, f"http://{LOOPBACK}:{port}/ingest/alertmanager/{key}/") as alert:
        alert(*labels, "--annotation=summary=ADO application is down")
        until(lambda: recorded(EventKind.ALERT_FIRING))
        incident = Incident.objects.get()
        assert (incident.title, incident.severity.code, incident.team) == ("ADO application is down", "P0", platform)
        assert list(incident.services.all()) == [application]
        alert(*labels, f"--end={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        until(lambda: recorded(EventKind.ALERT_RESOLVED))
    incident.refresh_from_db()
    assert incident.status == Status.MONITORING
