"""The sandbox speaks Jira's contract: its own client says so."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from jira import JIRA, JIRAError

from tests.sandbox.conftest import Running

ACCOUNT = ("ado@example.com", "ATATT3xFf")
TICKET: dict[str, Any] = {
    "project": {"key": "OPS"},
    "issuetype": {"name": "[System] Incident"},
    "summary": "[P0] INC-1: Disks full",
    "description": "All of them.",
    "labels": ["ado-1"],
}


def client(sandbox: Running, *, token: str = ACCOUNT[1]) -> JIRA:
    return JIRA(server=f"{sandbox.url}/jira", basic_auth=(ACCOUNT[0], token), max_retries=0)


def test_a_ticket_is_made_found_commented_and_moved(sandbox: Running) -> None:
    jira = client(sandbox)
    assert jira.myself()["displayName"] == "ADO Incidents"
    issue = jira.create_issue(fields=TICKET)
    assert (issue.key, issue.fields.summary, issue.fields.status.name) == ("OPS-1", TICKET["summary"], "Open")
    (found,) = jira.search_issues('project = OPS AND labels = "ado-1"')
    assert (found.key, found.fields.description) == ("OPS-1", "All of them.")
    assert jira.search_issues('labels = "ado-2"') == []
    jira.add_comment("OPS-1", "It is the disk.", is_internal=True)
    assert [comment.body for comment in jira.comments("OPS-1")] == ["It is the disk."]
    jira.transition_issue("OPS-1", "Set Completed")
    moved = jira.issue("OPS-1")
    assert (moved.fields.status.name, moved.fields.status.statusCategory.key) == ("Completed", "done")
    moved.update(fields={"summary": "[P1] INC-1: Disks full", "priority": {"name": "High"}})
    assert jira.issue("OPS-1", fields="priority").fields.priority.name == "High"
    assert [row.subject for row in sandbox.rows] == [
        f"OPS-1: {TICKET['summary']}", "OPS-1: comment", "OPS-1: Completed", "OPS-1: [P1] INC-1: Disks full",
    ]  # fmt: skip
    assert {row.channel for row in sandbox.rows} == {"ticket"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"summary": ""}, "You must specify a summary"),
        ({"summary": "x" * 256}, "exceed 255"),
        ({"project": {"key": "HR"}}, "valid project is required"),
        ({"issuetype": {"name": "Bug"}}, "Specify a valid issue type"),
        ({"labels": ["a b"]}, "contains spaces"),
        ({"priority": {"name": "P0"}}, "Specify the Priority"),
        ({"severity": "P0"}, "cannot be set"),
    ],
)
def test_what_jira_refuses_is_refused(sandbox: Running, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(JIRAError, match=words) as refused:
        client(sandbox).create_issue(fields=TICKET | wrong)
    assert refused.value.status_code == 400
    assert sandbox.rows == []


def test_who_has_no_token_and_what_is_not_there(sandbox: Running) -> None:
    with pytest.raises(JIRAError, match="must be authenticated") as refused:
        client(sandbox, token="hunter2")
    assert refused.value.status_code == 401
    with pytest.raises(JIRAError, match="Issue does not exist"):
        client(sandbox).issue("OPS-4711")
    with pytest.raises(JIRAError, match="Unbounded"):
        client(sandbox).search_issues("ORDER BY key")
    with pytest.raises(JIRAError, match="Expecting a field"):
        client(sandbox).search_issues("labels ~ x")


def test_a_text_that_is_no_document_is_refused_by_version_3(sandbox: Running) -> None:
    url = f"{sandbox.url}/jira/rest/api/3/issue"
    answer = httpx.post(url, json={"fields": TICKET}, auth=ACCOUNT, trust_env=False)
    assert answer.status_code == 400
    assert "Atlassian Document" in answer.json()["errors"]["description"]


def test_a_ticket_can_be_read_by_whoever_follows_its_link(sandbox: Running) -> None:
    client(sandbox).create_issue(fields=TICKET)
    page = httpx.get(f"{sandbox.url}/jira/browse/OPS-1", trust_env=False)
    assert page.text == f"OPS-1: {TICKET['summary']}\n\nOpen\n\nAll of them."
    assert httpx.get(f"{sandbox.url}/jira/browse/OPS-2", trust_env=False).status_code == 404
