"""Debian's Alertmanager is pointed at the ingest address, and its alerts become incidents."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.alerts import actions
from apps.alerts.models import Format, InboxEntry
from apps.catalog.models import Service
from apps.engine.runner import run_due
from apps.incidents.models import EventKind, Incident, Status, TimelineEvent
from apps.teams.models import Team
from launcher.ports import LOOPBACK, free_port
from tests.alerts.building import put_procedures_in_force
from tests.alerts.serving import served

ALERTMANAGER = shutil.which("prometheus-alertmanager")
AMTOOL = shutil.which("amtool")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (ALERTMANAGER and AMTOOL), reason="prometheus-alertmanager and amtool are not installed"),
]

PAGE = (Path(__file__).parents[2] / "docs" / "senders.md").read_text(encoding="utf-8")


def configured(receiver: str, **told: str) -> str:
    """The configuration of docs/senders.md that has ``receiver``, in force for it, with what it is told put in."""
    (found,) = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if f"- name: {receiver}" in block]
    for name, value in {
        **told,
        "group_wait: 10s": "group_wait: 0s",
        "group_interval: 1m": "group_interval: 1s",
    }.items():
        found = found.replace(name, value)
    return re.sub(r"receiver: \S+", f"receiver: {receiver}", found, count=1)


@pytest.fixture
def port() -> Iterator[int]:
    with served() as found:
        yield found


@contextmanager
def alertmanager(folder: Path, configured: str) -> Iterator[Callable[..., None]]:
    """An Alertmanager that is configured so; yields how to tell it of an alert."""
    configuration = folder / "alertmanager.yml"
    configuration.write_text(configured)
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


#: By what receiver, and as which format.
RECEIVERS = {
    "ado-webhook": Format.ALERTMANAGER,
    "ado-pagerduty": Format.PAGERDUTY,
    "ado-opsgenie": Format.OPSGENIE,
}


@pytest.mark.parametrize(("said", "code"), [("critical", "P0"), ("warning", "P2"), ("info", "P3"), ("P1", "P1")])
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_by_each_receiver_what_fires_is_the_same_incident_and_what_ends_is_on_the_timeline(
    tmp_path: Path,
    port: int,
    platform: Team,
    application: Service,
    monitoring: Service,
    receiver: str,
    said: str,
    code: str,
) -> None:
    put_procedures_in_force()
    _, key = actions.create_integration(
        team=platform, name="Alertmanager", sender_format=RECEIVERS[receiver], service=monitoring, by=None
    )
    base = f"http://{LOOPBACK}:{port}"
    told = {"WEBHOOK_URL": f"{base}/ingest/alertmanager/{key}/", "BASE_URL": base}
    keys = {"PAGERDUTY_KEY": key, "OPSGENIE_KEY": key}
    labels = ("alertname=ADOApplicationDown", "component=application", f"severity={said}", "team=platform")
    summary = "--annotation=summary=ADO application is down"

    def recorded(kind: EventKind) -> bool:
        run_due()
        return TimelineEvent.objects.filter(kind=kind).exists()

    with alertmanager(tmp_path, configured(receiver, **told, **keys)) as alert:
        alert(*labels, summary)
        until(lambda: recorded(EventKind.ALERT_FIRING))
        incident = Incident.objects.get()
        assert (incident.title, incident.severity.code, incident.team) == ("ADO application is down", code, platform)
        assert list(incident.services.all()) == [application]
        alert(*labels, summary, f"--end={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        until(lambda: recorded(EventKind.ALERT_RESOLVED))
    incident.refresh_from_db()
    assert incident.status == (Status.RESOLVED if code == "P3" else Status.MONITORING)
    assert incident.alerts.get().title == "ADO application is down"
    assert InboxEntry.objects.exclude(problem="").count() == 0
