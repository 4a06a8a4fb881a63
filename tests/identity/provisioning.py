"""An identity provider that provisions: what it sends goes to the house with its token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.test import APIClient

from apps.teams.models import Scope, User
from tests.api.clients import client_of

ROOT = "/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Provider:
    """Sends and reads ``application/scim+json``; answers are the decoded body with its ``status``."""

    def __init__(self, administrator: User, *, scope: Scope = Scope.PROVISION) -> None:
        self.client: APIClient = client_of(administrator, scope=scope)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        data = json.dumps(body) if body is not None else None
        return self.client.generic(method.upper(), ROOT + path, data or "", "application/scim+json", **headers)

    def get(self, path: str, **headers: str) -> Any:
        return _read(self.send("get", path, **headers))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return _read(self.send("post", path, body))

    def put(self, path: str, body: Mapping[str, Any], **headers: str) -> Any:
        return _read(self.send("put", path, body, **headers))

    def patch(self, path: str, *operations: Mapping[str, Any], **headers: str) -> Any:
        return _read(self.send("patch", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers))

    def delete(self, path: str, **headers: str) -> int:
        return self.send("delete", path, **headers).status_code

    def made(self, address: str, **more: Any) -> Any:
        """A person that it made."""
        found = self.post("/Users", {"schemas": [USER], "userName": address, **more})
        assert found.status == 201, found
        return found

    def made_group(self, name: str, *people: Mapping[str, Any], **more: Any) -> Any:
        members = [{"value": person["id"]} for person in people]
        found = self.post("/Groups", {"schemas": [GROUP], "displayName": name, "members": members, **more})
        assert found.status == 201, found
        return found


class Answer(dict[str, Any]):
    """The body, with the status and the headers that it came with."""

    status: int
    headers: Mapping[str, str]


def _read(answer: HttpResponse) -> Answer:
    if answer.status_code != 304:
        assert answer["Content-Type"] == "application/scim+json", answer.content[:500]
    found = Answer(json.loads(answer.content) if answer.content else {})
    found.status, found.headers = answer.status_code, answer.headers
    return found
