"""PagerDuty's own client works with us, unchanged but for its URL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.alerts import actions
from apps.alerts.models import Change, Format
from apps.catalog.models import Service
from apps.engine.runner import run_due
from apps.incidents.models import EventKind, Incident, Status
from apps.teams.models import Team
from launcher.ports import LOOPBACK
from tests.alerts.building import STARTS, put_procedures_in_force
from tests.alerts.serving import make_certificate, served

pagerduty = pytest.importorskip("pagerduty", reason="PyPI's pagerduty is not installed.")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(platform: Team, application: Service, monitoring: Service) -> str:
    put_procedures_in_force()
    _, key = actions.create_integration(
        team=platform, name="PagerDuty", sender_format=Format.PAGERDUTY, service=monitoring, by=None
    )
    return key


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The client speaks to https alone, and believes the certificates of this variable."""
    certificate = make_certificate(tmp_path / "certificate.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with served(certificate) as found:
        yield found


@pytest.fixture
def client(key: str, port: int) -> pagerduty.EventsApiV2Client:
    made = pagerduty.EventsApiV2Client(key)
    made.url = f"https://{LOOPBACK}:{port}"
    return made


def test_it_triggers_acknowledges_and_resolves(client: pagerduty.EventsApiV2Client, application: Service) -> None:
    key = client.trigger(
        "Queue is stuck", "queue-1", severity="error", payload={"component": "application"}, custom_details={"depth": 9}
    )
    run_due()
    incident = Incident.objects.get()
    assert (incident.title, incident.severity.code) == ("Queue is stuck", "P1")
    assert list(incident.services.all()) == [application]
    client.acknowledge(key)
    client.resolve(key)
    run_due()
    incident.refresh_from_db()
    assert incident.status == Status.MONITORING
    assert incident.timeline.filter(kind=EventKind.NOTE, text__contains="acknowledged, says PagerDuty").exists()


def test_its_own_key_is_kept(client: pagerduty.EventsApiV2Client) -> None:
    assert client.trigger("Down", "db-1", dedup_key="database") == "database"


def test_it_tells_of_changes(client: pagerduty.EventsApiV2Client, monitoring: Service) -> None:
    client.submit("Version 7 is live", "ci", custom_details={"build": "7"}, timestamp=STARTS)
    run_due()
    change = Change.objects.get()
    assert (change.summary, list(change.services.all())) == ("Version 7 is live", [monitoring])


def test_a_key_that_is_unknown_is_its_error(client: pagerduty.EventsApiV2Client, port: int) -> None:
    stranger = pagerduty.EventsApiV2Client("x" * 32)
    stranger.url = client.url
    with pytest.raises(pagerduty.Error, match="400"):
        stranger.trigger("Down", "db-1")
