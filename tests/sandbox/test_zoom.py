"""The sandbox speaks Zoom's contract: tokens, meetings, and what Zoom refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.test import Client

from tests.sandbox.conftest import Running

GRANT = {"grant_type": "account_credentials", "account_id": "acc"}
CLIENT = ("id", "s" * 32)
MEETING = {"topic": "[P0] INC-1: Disks full", "type": 3, "agenda": "INC-1: the mark " + "x" * 300}


def ask_for_a_token(sandbox: Running, **wrong: Any) -> httpx.Response:
    known: dict[str, Any] = {"params": GRANT, "auth": CLIENT} | wrong
    return httpx.post(f"{sandbox.url}/zoom/oauth/token", trust_env=False, **known)


def client(sandbox: Running) -> httpx.Client:
    token = ask_for_a_token(sandbox).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{sandbox.url}/zoom/v2/", headers=headers, trust_env=False)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"auth": ("id", "short")}, "invalid_client"),
        ({"auth": None}, "invalid_client"),
        ({"params": {**GRANT, "grant_type": "client_credentials"}}, "unsupported_grant_type"),
        ({"params": {"grant_type": "account_credentials"}}, "invalid_request"),
    ],
)
def test_a_token_is_given_to_whom_zoom_knows(sandbox: Running, wrong: dict[str, Any], error: str) -> None:
    refused = ask_for_a_token(sandbox, **wrong)
    assert (refused.status_code, refused.json()["error"]) == (400, error)


def test_without_a_token_of_its_own_nothing_is_told(sandbox: Running) -> None:
    for headers in ({}, {"Authorization": "Bearer other"}):
        refused = httpx.get(f"{sandbox.url}/zoom/v2/users/me", headers=headers, trust_env=False)
        assert (refused.status_code, refused.json()["code"]) == (401, 124)


def test_a_meeting_is_made_listed_joined_ended_and_deleted(sandbox: Running) -> None:
    zoom = client(sandbox)
    made = zoom.post("users/me/meetings", json=MEETING)
    meeting = made.json()
    assert (made.status_code, meeting["status"], meeting["agenda"]) == (201, "waiting", MEETING["agenda"])
    zoom.post("users/me/meetings", json={"type": 1})
    listed = zoom.get("users/me/meetings", params={"type": "scheduled"}).json()
    assert [(each["id"], len(each["agenda"])) for each in listed["meetings"]] == [(meeting["id"], 250)]
    assert zoom.get("users/ops@example.com/meetings").json()["meetings"] == []
    httpx.get(meeting["join_url"], trust_env=False)
    path = f"meetings/{meeting['id']}"
    assert zoom.get(path).json()["status"] == "started"
    assert zoom.delete(path).json()["code"] == 3002
    assert zoom.put(f"{path}/status", json={"action": "end"}).status_code == 204
    assert zoom.delete(path).status_code == 204
    for gone in (zoom.get(path), zoom.delete(path), zoom.put(f"{path}/status", json={"action": "end"})):
        assert (gone.status_code, gone.json()["code"]) == (404, 3001)
    assert [(row.channel, row.incident) for row in sandbox.rows if "INC-1" in (row.incident or "")] == [
        ("bridge", "INC-1")
    ] * 3


def test_whoever_reads_of_a_meeting_can_join_it(sandbox: Running, browser: Client) -> None:
    meeting = client(sandbox).post("users/me/meetings", json=MEETING).json()
    page = browser.get("/sandbox/").content.decode()
    assert f'<a href="{meeting["join_url"]}" rel="nofollow">' in page
    assert "INC-1: the mark" in page


@pytest.mark.parametrize(
    ("wrong", "field"), [({"topic": "x" * 201}, "topic"), ({"agenda": "x" * 2001}, "agenda"), ({"type": 7}, "type")]
)
def test_what_zoom_refuses_is_refused(sandbox: Running, wrong: dict[str, Any], field: str) -> None:
    refused = client(sandbox).post("users/me/meetings", json=MEETING | wrong)
    assert (refused.status_code, refused.json()["code"]) == (400, 300)
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert sandbox.rows == []


def test_who_is_unknown_and_what_is_no_object(sandbox: Running) -> None:
    sandbox.control("numbers", number="gone@example.com", behaviour="unreachable")
    zoom = client(sandbox)
    for name in ("gone@example.com", "nobody"):
        assert zoom.get(f"users/{name}").json()["code"] == 1001
    assert zoom.post("users/me/meetings", content=b"[]").json()["code"] == 300
