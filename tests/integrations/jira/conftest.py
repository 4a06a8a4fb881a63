"""A Jira to make tickets in: the sandbox's, and one that fails as a test says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from apps.integrations.jira import tool
from apps.integrations.jira.tool import Ticket
from tests.integrations.provider import Answer, Provider
from tests.sandbox.conftest import Running

TOLD = {"email": "ado@example.com", "token": "ATATT3xFf", "project": "OPS", "priorities": "P0=Highest, P1 = High"}


class Jira:
    """The sandbox's Jira, as somebody sees it who looks."""

    def __init__(self, sandbox: Running) -> None:
        self.site = f"{sandbox.url}/jira"
        self.sandbox = sandbox

    def get(self, path: str) -> Any:
        auth = (TOLD["email"], TOLD["token"])
        return httpx.get(f"{self.site}/rest/api/3/{path}", auth=auth, trust_env=False).json()

    def tickets(self) -> list[dict[str, Any]]:
        """Every ticket, oldest first."""
        return list(self.get("search/jql?jql=project=OPS ORDER BY key ASC&fields=*all")["issues"])

    def status(self) -> str:
        """Of the only ticket."""
        (ticket,) = self.tickets()
        return str(ticket["fields"]["status"]["name"])

    def move(self, key: str, status: str) -> None:
        """Somebody moves the ticket."""
        ways = self.get(f"issue/{key}/transitions")["transitions"]
        way = next(each["id"] for each in ways if each["to"]["name"] == status)
        auth, url = (TOLD["email"], TOLD["token"]), f"{self.site}/rest/api/3/issue/{key}/transitions"
        assert httpx.post(url, json={"transition": {"id": way}}, auth=auth, trust_env=False).is_success

    def said(self) -> list[str]:
        """The comments on the only ticket, with the signature at their end."""
        return [row.text for row in self.sandbox.rows if row.subject.endswith(": comment")]


@pytest.fixture
def jira(sandbox: Running, settings) -> Jira:
    settings.OUTBOUND_PRIVATE = "allowed"
    return Jira(sandbox)


@pytest.fixture
def ticket(jira: Jira) -> Iterator[Ticket]:
    """How the product reaches it."""
    with tool.opened({**TOLD, "site": f"{jira.site}/"}) as opened:
        yield opened


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    """A Jira that answers as a test says."""
    settings.OUTBOUND_PRIVATE = "allowed"
    with Provider(lambda _: Answer.of({})) as answering:
        yield answering
