"""A Zoom to meet in: the sandbox's, and one that fails as a test says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from apps.integrations.zoom import tool
from apps.integrations.zoom.tool import Bridge
from tests.integrations.provider import Answer, Provider
from tests.sandbox.conftest import Running

HOST = "ops@example.com"
TOLD = {"account_id": "acc", "client_id": "id", "client_secret": "s" * 32, "host": HOST}


class Zoom:
    """The sandbox's Zoom, as the host sees it."""

    def __init__(self, sandbox: Running) -> None:
        self.url = f"{sandbox.url}/zoom"
        self.told = {**TOLD, "url": self.url, "accounts_url": self.url}
        self.sandbox = sandbox

    def meetings(self) -> list[dict[str, Any]]:
        """Every meeting that is not deleted."""
        grant = {"grant_type": "account_credentials", "account_id": TOLD["account_id"]}
        known = (TOLD["client_id"], TOLD["client_secret"])
        token = httpx.post(f"{self.url}/oauth/token", data=grant, auth=known, trust_env=False).json()["access_token"]
        authorized = {"Authorization": f"Bearer {token}"}
        path = f"{self.url}/v2/users/{HOST}/meetings"
        return list(httpx.get(path, headers=authorized, trust_env=False).json()["meetings"])

    def said(self) -> list[str]:
        """What people saw, but for the invitations."""
        return [row.subject for row in self.sandbox.rows if not row.links]


@pytest.fixture
def zoom(sandbox: Running, settings) -> Zoom:
    settings.OUTBOUND_PRIVATE = "allowed"
    return Zoom(sandbox)


@pytest.fixture
def bridge(zoom: Zoom) -> Iterator[Bridge]:
    """How the product reaches it."""
    with tool.opened(zoom.told) as opened:
        yield opened


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    """A Zoom that gives tokens, and else answers as a test says in ``provider.then``."""
    settings.OUTBOUND_PRIVATE = "allowed"

    def answer(request):
        if request.path == "/oauth/token":
            return Answer.of({"access_token": "t0ken"})
        assert request.headers["Authorization"] == "Bearer t0ken"
        return answering.then(request)

    with Provider(answer) as answering:
        answering.then = lambda _: Answer.of({})
        yield answering
