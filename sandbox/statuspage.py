"""Atlassian Statuspage's REST API v1, the calls about incidents and components: checks what its reference requires.

Whoever opens the short link of an incident reads what the page's visitors would.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.exchange import EXCHANGE
from sandbox.origin import Origin

#: The components of every page here, by their ids.
COMPONENTS = {
    "k8mq2v7x0d1a": "API and CLI",
    "p3zt9w5c6b2e": "Agents",
    "h7rn4j1s8f5g": "Prioritisation",
    "d2yl6u0k9m3o": "Sign-in",
}
STATUSES = ("investigating", "identified", "monitoring", "resolved")
IMPACTS = ("none", "minor", "major", "critical", "maintenance")
CONDITIONS = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")
LARGEST_PAGE = 100
Answer = Callable[[web.Request], Awaitable[web.Response]]


class Refused(Exception):
    """A request that Statuspage would refuse."""

    def __init__(self, *words: str, status: int = 422) -> None:
        super().__init__(*words)
        self.status = status


@dataclass
class Incident:
    """An incident of a page, with every update that was added to it, the newest first."""

    page: str
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    known: dict[str, Any] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)

    @property
    def reference(self) -> str | None:
        """By which the product names it: the end of the address in the mark in its metadata."""
        marks = [str(each.get("mark", "")) for each in (self.known.get("metadata") or {}).values()]
        return marks[0].partition("#")[0].rstrip("/").rpartition("/")[2] or None if marks else None

    def change(self, given: dict[str, Any]) -> None:
        """Take over what is given; with a message or a status an update is added."""
        self.known |= {name: value for name, value in given.items() if name != "body"}
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        if given.get("body") or given.get("status"):
            update = {"id": secrets.token_hex(6), "incident_id": self.id, "status": self.known["status"]}
            self.updates.insert(0, update | {"body": given.get("body") or "", "created_at": now, "display_at": now})

    def as_json(self, url: str) -> dict[str, Any]:
        """As the API shows it."""
        named = {name: self.known.get(name) for name in ("name", "status", "impact_override")}
        affected = [
            {"id": each, "name": COMPONENTS[each], "status": status}
            for each, status in (self.known.get("components") or {}).items()
        ]
        return {
            "id": self.id, "page_id": self.page, **named, "impact": named["impact_override"] or "none",
            "metadata": self.known.get("metadata") or {}, "components": affected, "incident_updates": self.updates,
            "shortlink": f"{url}/statuspage/i/{self.id}",
        }  # fmt: skip


@dataclass
class Pages:
    """The incidents of every page, by their ids, and how its components are, by page and id."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)

    def change(self, incident: Incident, given: dict[str, Any]) -> None:
        """Change the incident, and the components that it tells of."""
        incident.change(given)
        self.statuses |= {(incident.page, each): status for each, status in (given.get("components") or {}).items()}


PAGES = web.AppKey("statuspage", Pages)


def routes(app: web.Application) -> None:
    """Add the API to ``app``, and the page of an incident."""
    app[PAGES] = Pages()
    page = "/statuspage/v1/pages/{page:[A-Za-z0-9]+}"
    app.router.add_get(page, _guarded(_page))
    app.router.add_get(f"{page}/components", _guarded(_components))
    app.router.add_patch(f"{page}/components/{{id}}", _guarded(_set_component))
    app.router.add_get(f"{page}/incidents", _guarded(_list))
    app.router.add_post(f"{page}/incidents", _guarded(_create))
    app.router.add_get(f"{page}/incidents/{{id}}", _guarded(_show))
    app.router.add_patch(f"{page}/incidents/{{id}}", _guarded(_change))
    app.router.add_delete(f"{page}/incidents/{{id}}", _guarded(_delete))
    app.router.add_get("/statuspage/i/{id}", _read)


def _guarded(view: Answer) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        try:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            if scheme != "OAuth" or not key.strip():
                raise Refused("Could not authenticate", status=401)
            return await view(request)
        except Refused as refused:
            words = list(refused.args) if refused.status == web.HTTPUnprocessableEntity.status_code else refused.args[0]
            return web.json_response({"error": words}, status=refused.status)

    return answer


async def _page(request: web.Request) -> web.Response:
    page = request.match_info["page"]
    return web.json_response({"id": page, "name": "ADO", "url": request.app[EXCHANGE].url, "time_zone": "UTC"})


async def _components(request: web.Request) -> web.Response:
    return web.json_response([_component(request, each) for each in COMPONENTS])


async def _set_component(request: web.Request) -> web.Response:
    named = request.match_info["id"]
    if named not in COMPONENTS:
        raise Refused("Not found", status=404)
    status = (await _given(request, "component")).get("status")
    if status not in CONDITIONS:
        raise Refused("Component status is not included in the list")
    request.app[PAGES].statuses[request.match_info["page"], named] = status
    return web.json_response(_component(request, named))


def _component(request: web.Request, named: str) -> dict[str, Any]:
    page = request.match_info["page"]
    status = request.app[PAGES].statuses.get((page, named), CONDITIONS[0])
    return {"id": named, "page_id": page, "name": COMPONENTS[named], "status": status}


async def _list(request: web.Request) -> web.Response:
    """The incidents of the page, the newest first."""
    limit = int(request.query.get("limit", LARGEST_PAGE))
    there = [each for each in request.app[PAGES].incidents.values() if each.page == request.match_info["page"]]
    shown = list(reversed(there))[: min(limit, LARGEST_PAGE)]
    return web.json_response([each.as_json(request.app[EXCHANGE].url) for each in shown])


async def _create(request: web.Request) -> web.Response:
    given = _checked(await _given(request))
    if not str(given.get("name") or "").strip():
        raise Refused("Name can't be blank")
    incident = Incident(request.match_info["page"])
    request.app[PAGES].change(incident, {"status": STATUSES[0]} | given)
    request.app[PAGES].incidents[incident.id] = incident
    return _told(request, incident, status=201)


async def _show(request: web.Request) -> web.Response:
    return web.json_response(_known(request).as_json(request.app[EXCHANGE].url))


async def _change(request: web.Request) -> web.Response:
    incident, given = _known(request), _checked(await _given(request))
    request.app[PAGES].change(incident, given)
    return _told(request, incident)


async def _delete(request: web.Request) -> web.Response:
    incident = _known(request)
    del request.app[PAGES].incidents[incident.id]
    _keep(request, incident, "Deleted", "Nobody reads of it any more.", links=[])
    return web.json_response(incident.as_json(request.app[EXCHANGE].url))


async def _read(request: web.Request) -> web.Response:
    """What a visitor reads."""
    incident = request.app[PAGES].incidents.get(request.match_info["id"])
    if incident is None:
        return web.Response(text="There is no such incident.", status=404)
    updates = [f"{each['status'].title()}: {each['body']}" for each in incident.updates]
    return web.Response(text="\n\n".join([str(incident.known["name"]), *updates]))


def _known(request: web.Request) -> Incident:
    incident = request.app[PAGES].incidents.get(request.match_info["id"])
    if incident is None or incident.page != request.match_info["page"]:
        raise Refused("Not found", status=404)
    return incident


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """What was given of an incident, if Statuspage would take it."""
    problems = [
        f"{name} is not included in the list"
        for name, words in (("status", STATUSES), ("impact_override", IMPACTS))
        if given.get(name) is not None and given[name] not in words
    ]
    metadata, components = given.get("metadata") or {}, given.get("components") or {}
    if not isinstance(metadata, dict) or not all(isinstance(each, dict) for each in metadata.values()):
        problems.append("All top-level values of metadata must be objects")
    if not isinstance(components, dict) or not set(components.values()) <= set(CONDITIONS):
        problems.append("Component status is not included in the list")
    elif unknown := {*components, *(given.get("component_ids") or [])} - set(COMPONENTS):
        problems.append(f"Component {min(unknown)} does not exist")
    if problems:
        raise Refused(*problems)
    return given


async def _given(request: web.Request, what: str = "incident") -> dict[str, Any]:
    try:
        given = await request.json()
    except ValueError:
        given = None
    told = given.get(what) if isinstance(given, dict) else None
    if not isinstance(told, dict):
        raise Refused(f"param is missing or the value is empty: {what}", status=400)
    return told


def _told(request: web.Request, incident: Incident, *, status: int = 200) -> web.Response:
    shown, last = incident.as_json(request.app[EXCHANGE].url), next(iter(incident.updates), {})
    subject = f"{str(last.get('status', '')).title()}: {incident.known['name']}"
    _keep(request, incident, subject, str(last.get("body", "")), links=[shown["shortlink"]])
    return web.json_response(shown, status=status)


def _keep(request: web.Request, incident: Incident, subject: str, text: str, *, links: list[str]) -> None:
    request.app[EXCHANGE].outbox.keep(
        "statuspage", "Everybody", Origin(incident=incident.reference), subject=subject, text=text, links=links,
        details={"id": incident.id},
    )  # fmt: skip
