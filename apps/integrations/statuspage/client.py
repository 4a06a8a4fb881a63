"""Atlassian Statuspage's REST API v1, the calls about incidents and components. Source: its public API reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from apps.core.http import Reply, send
from apps.integrations.answers import link, text, understood

#: So many incidents are listed at once; Statuspage's own limit.
LISTED = 100
#: The name under which an incident there says whose it is. Only who has a key reads it.
_OURS = "ado_incidents"


@dataclass(frozen=True, slots=True)
class Posted:
    """An incident there: whose it is by its ``mark``, and which of our notices it was told ``last``."""

    ref: str
    url: str
    mark: str
    last: int


class StatuspageClient:
    """One page as an API key sees it. Every call raises ProviderError."""

    def __init__(self, http: httpx.Client, *, page: str, key: str) -> None:
        self._http = http
        self._page = f"v1/pages/{page}"
        self._headers = {"Authorization": f"OAuth {key}"}

    def name(self) -> str:
        """What the page is called."""
        told = self._call("GET", "").json()
        with understood("Statuspage"):
            return text(told["name"])

    def components(self) -> set[str]:
        """The ids of the page's components."""
        told = self._call("GET", "/components", params={"per_page": LISTED}).rows()
        with understood("Statuspage"):
            return {text(each["id"]) for each in told}

    def latest(self) -> list[Posted]:
        """The latest incidents, the newest first."""
        told = self._call("GET", "/incidents", params={"limit": LISTED}).rows()
        with understood("Statuspage"):
            return [_posted(each) for each in told]

    def incident(self, ref: str) -> Posted:
        """One incident as it is now."""
        return self._answered(self._call("GET", f"/incidents/{ref}"))

    def create(self, fields: Mapping[str, Any], *, mark: str, last: int) -> Posted:
        """Publish an incident."""
        return self._answered(self._call("POST", "/incidents", json=_body(fields, mark, last)))

    def change(self, ref: str, fields: Mapping[str, Any], *, mark: str, last: int) -> None:
        """Add an update to the incident; each time it is called another one."""
        self._call("PATCH", f"/incidents/{ref}", json=_body(fields, mark, last))

    def set_component(self, component: str, status: str) -> None:
        """Say how a component is, without a word about any incident."""
        self._call("PATCH", f"/components/{component}", json={"component": {"status": status}})

    def delete(self, ref: str) -> None:
        """Let nobody read of it any more."""
        self._call("DELETE", f"/incidents/{ref}")

    def _answered(self, reply: Reply) -> Posted:
        told = reply.json()
        with understood("Statuspage"):
            return _posted(told)

    def _call(self, method: str, path: str, **request: Any) -> Reply:
        return send(self._http, method, f"{self._page}{path}", headers=self._headers, **request)


def _body(fields: Mapping[str, Any], mark: str, last: int) -> dict[str, Any]:
    return {"incident": {**fields, "metadata": {_OURS: {"mark": mark, "last": last}}}}


def _posted(told: Mapping[str, Any]) -> Posted:
    ours = (told.get("metadata") or {}).get(_OURS) or {}
    return Posted(
        ref=text(told["id"]),
        url=link(told["shortlink"]) if told.get("shortlink") else "",
        mark=str(ours.get("mark", "")),
        last=int(ours.get("last", 0)),
    )
