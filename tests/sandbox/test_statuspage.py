"""The sandbox speaks Statuspage's contract: what it takes, and what it refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Running

INCIDENTS = "ado/incidents"
INCIDENT = {
    "name": "Slow", "status": "investigating", "impact_override": "minor", "body": "We look.",
    "components": {"k8mq2v7x0d1a": "degraded_performance"}, "component_ids": ["k8mq2v7x0d1a"],
    "metadata": {"ours": {"mark": "http://127.0.0.1:8000/incidents/INC-1/"}},
}  # fmt: skip


def client(sandbox: Running, authorization: str = "OAuth key") -> httpx.Client:
    url = f"{sandbox.url}/statuspage/v1/pages"
    return httpx.Client(base_url=url, headers={"Authorization": authorization}, trust_env=False)


@pytest.mark.parametrize("authorization", ["", "Bearer key", "OAuth", "key"])
def test_who_has_no_key_is_told_nothing(sandbox: Running, authorization: str) -> None:
    for method, path in (("GET", "ado"), ("GET", "ado/components"), ("GET", INCIDENTS), ("POST", INCIDENTS)):
        assert client(sandbox, authorization).request(method, path).status_code == 401


def test_an_incident_is_made_changed_read_and_deleted(sandbox: Running) -> None:
    page = client(sandbox)
    made = page.post(INCIDENTS, json={"incident": INCIDENT})
    incident = made.json()
    assert (made.status_code, incident["status"], incident["metadata"]) == (201, "investigating", INCIDENT["metadata"])
    path = f"{INCIDENTS}/{incident['id']}"
    changed = page.patch(path, json={"incident": {"status": "resolved", "body": "Over."}}).json()
    assert [each["body"] for each in changed["incident_updates"]] == ["Over.", "We look."]
    assert page.get(INCIDENTS).json() == [page.get(path).json()]
    assert "Resolved: Over." in httpx.get(incident["shortlink"], trust_env=False).text
    assert page.delete(path).status_code == 200
    for gone in (page.get(path), page.patch(path, json={"incident": {}}), page.delete(path)):
        assert gone.status_code == 404
    rows = [row for row in sandbox.rows if row.channel == "statuspage"]
    assert [(row.incident, row.subject) for row in rows] == [
        ("INC-1", "Investigating: Slow"), ("INC-1", "Resolved: Slow"), ("INC-1", "Deleted"),
    ]  # fmt: skip


def test_a_component_is_as_it_was_said_last_by_an_incident_or_by_itself(sandbox: Running) -> None:
    page = client(sandbox)
    named = "k8mq2v7x0d1a"

    def status() -> str:
        return next(each["status"] for each in page.get("ado/components").json() if each["id"] == named)

    page.post(INCIDENTS, json={"incident": INCIDENT})
    assert status() == "degraded_performance"
    path = f"ado/components/{named}"
    assert page.patch(path, json={"component": {"status": "operational"}}).json()["status"] == "operational"
    assert status() == "operational"
    assert page.patch(path, json={"component": {"status": "broken"}}).status_code == 422
    assert page.patch(path, json={}).status_code == 400
    assert page.patch("ado/components/unknown", json={"component": {"status": "operational"}}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "Name can't be blank"),
        ({"status": "closed"}, "status is not included"),
        ({"impact_override": "huge"}, "impact_override is not included"),
        ({"metadata": {"mark": "text"}}, "values of metadata"),
        ({"components": {"k8mq2v7x0d1a": "broken"}}, "Component status"),
        ({"components": {"unknown": "operational"}}, "Component unknown"),
        ({"component_ids": ["unknown"]}, "Component unknown"),
    ],
)
def test_what_it_would_not_take_is_refused(sandbox: Running, wrong: dict[str, Any], words: str) -> None:
    refused = client(sandbox).post(INCIDENTS, json={"incident": {**INCIDENT, **wrong}})
    assert refused.status_code == 422
    assert words in " ".join(refused.json()["error"])


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name": "x"}', b'{"incident": []}'])
def test_a_body_without_an_incident_is_refused(sandbox: Running, body: bytes) -> None:
    assert client(sandbox).post(INCIDENTS, content=body).status_code == 400
