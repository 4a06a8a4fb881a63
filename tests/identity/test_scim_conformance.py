"""The service keeps to RFC 7643 and RFC 7644, as a checker that knows neither it nor its code finds over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
import scim2_tester.filling
from scim2_client.client import BaseSyncSCIMClient
from scim2_tester import Status, check_server

from apps.teams import actions
from apps.teams.models import Scope

pytestmark = pytest.mark.django_db(transaction=True)

#: What is never without a value: taking it away leaves it as it was.
NEVER_REMOVED = {"active", "timezone"}


class LoopbackClient(BaseSyncSCIMClient):
    """Asks over HTTP."""

    def __init__(self, http: httpx.Client) -> None:
        super().__init__()
        self._http = http

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return True

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self._http.request(method, url, **options)


@pytest.fixture
def examples(monkeypatch):
    """Values that the schemas cannot describe: an address, and a zone of the IANA database."""
    known = scim2_tester.filling.get_random_example_value

    def example(path: Any) -> Any:
        name = str(path).rpartition(":")[2]
        found = {"userName": f"{uuid.uuid4()}@example.com", "timezone": "Europe/Berlin"}
        return found.get(name) or known(path)

    monkeypatch.setattr(scim2_tester.filling, "get_random_example_value", example)


def test_a_checker_finds_nothing_wrong(live_server, settings, root, examples):
    settings.SITE_URL = live_server.url
    _, secret = actions.create_token(root, name="idp", scope=Scope.PROVISION)
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=f"{live_server.url}/scim/v2", headers=headers) as http:
        results = check_server(LoopbackClient(http))
    wrong = [each for each in results if each.status not in (Status.SUCCESS, Status.SKIPPED)]
    told = [f"{each.title} {each.resource_type}: {each.reason}" for each in wrong
            if not any(f"{name}' was not removed" in (each.reason or "")
                       or f"did not remove attribute '{name}'" in (each.reason or "")
                       for name in _named(NEVER_REMOVED))]  # fmt: skip
    assert told == []
    assert sum(each.status is Status.SUCCESS for each in results) > 40
    skipped = [each.reason for each in results if each.status is Status.SKIPPED]
    assert all("/.search" in reason for reason in skipped), skipped


def _named(attributes: set[str]) -> set[str]:
    return {f"urn:ietf:params:scim:schemas:core:2.0:User:{name}" for name in attributes} | attributes
