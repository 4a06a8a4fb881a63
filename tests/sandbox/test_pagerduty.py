"""The sandbox speaks PagerDuty's Events API: its own client says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pagerduty import Error, EventsApiV2Client

from tests.encrypted_front import Front, encrypted
from tests.sandbox.conftest import Running

KEY = "0" * 32
LINK = {"href": "https://ado.example.com/incidents/INC-1/", "text": "INC-1"}


@pytest.fixture
def front(sandbox: Running, tmp_path: Path) -> Iterator[Front]:
    """The sandbox under HTTPS, which the client insists on."""
    with encrypted(f"{sandbox.url}/pagerduty", tmp_path) as front:
        yield front


def client(front: Front, *, key: str = KEY) -> EventsApiV2Client:
    made = EventsApiV2Client(key, base_url=front.url, verify=front.trusting)
    made.retry = {}
    return made


def test_an_alert_is_triggered_acknowledged_and_resolved(sandbox: Running, front: Front) -> None:
    events = client(front)
    key = events.trigger("Disks full", "platform", severity="critical", links=[LINK], custom_details={"Since": "ten"})
    assert (events.acknowledge(key), events.resolve(key)) == (key, key)
    assert events.trigger("Disks full", "platform", dedup_key="ours") == "ours"
    assert [(row.to, row.incident, row.subject) for row in sandbox.rows] == [
        ("PagerDuty", "INC-1", "trigger: Disks full"), ("PagerDuty", None, f"acknowledge: {key}"),
        ("PagerDuty", None, f"resolve: {key}"), ("PagerDuty", None, "trigger: Disks full"),
    ]  # fmt: skip
    assert (sandbox.rows[0].text, sandbox.rows[0].links) == ("Since: ten", [LINK["href"]])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"summary": ""}, "'payload.summary' is missing or blank"),
        ({"source": ""}, "'payload.source' is missing or blank"),
        ({"severity": "P0"}, "'payload.severity' is invalid"),
    ],
)
def test_what_pagerduty_refuses_is_refused(sandbox: Running, front: Front, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(Error) as refused:
        client(front).trigger(**{"summary": "Disks full", "source": "platform", **wrong})
    assert refused.value.response is not None
    told = refused.value.response.json()
    assert (told["status"], [words in each for each in told["errors"]]) == ("invalid event", [True])
    assert sandbox.rows == []


def test_a_key_that_cannot_be_one_and_what_is_no_event_are_refused(sandbox: Running, front: Front) -> None:
    with pytest.raises(Error):
        client(front, key="short").trigger("Disks full", "platform")
    for body in (b"[]", b"{", b'{"event_action": "resolve"}'):
        assert httpx.post(f"{sandbox.url}/pagerduty/v2/enqueue", content=body).status_code == 400


def test_it_fails_on_request(sandbox: Running, front: Front) -> None:
    sandbox.control("faults", provider="pagerduty", fault="500")
    with pytest.raises(Error):
        client(front).trigger("Disks full", "platform")
    sandbox.control("faults", provider="pagerduty", fault="none")
    assert client(front).trigger("Disks full", "platform", dedup_key="back") == "back"
