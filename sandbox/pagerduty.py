"""PagerDuty's Events API v2 as the product and PagerDuty's own client speak it: checks what its reference requires."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.exchange import EXCHANGE
from sandbox.origin import Origin

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
#: An integration key has so many signs.
KEY_LENGTH = 32
INVALID = "Event object is invalid"


def routes(app: web.Application) -> None:
    """Add the API to ``app``."""
    app.router.add_post("/pagerduty/v2/enqueue", _enqueue)


async def _enqueue(request: web.Request) -> web.Response:
    try:
        event = await request.json()
    except ValueError:
        event = None
    problems = _problems(event)
    if problems:
        return web.json_response({"status": "invalid event", "message": INVALID, "errors": problems}, status=400)
    key = str(event.get("dedup_key") or uuid4().hex)
    payload = event.get("payload") or {}
    request.app[EXCHANGE].outbox.keep(
        "webhook",
        "PagerDuty",
        Origin(incident=_incident(event)),
        subject=f"{event['event_action']}: {payload.get('summary') or key}",
        text=_text(payload),
        links=[link["href"] for link in event.get("links") or []],
        details={"headers": {}, "body": json.dumps(event)},
    )
    return web.json_response({"status": "success", "message": "Event processed", "dedup_key": key}, status=202)


def _problems(event: Any) -> list[str]:
    """What PagerDuty would say of it; empty if it would take it."""
    if not isinstance(event, dict):
        return ["Event must be a JSON object"]
    found = []
    if len(str(event.get("routing_key", ""))) != KEY_LENGTH:
        found.append(f"Length of 'routing_key' is incorrect (should be {KEY_LENGTH} characters)")
    if event.get("event_action") not in ACTIONS:
        found.append("'event_action' is missing or invalid")
    elif event["event_action"] == "trigger":
        found += _problems_of_payload(event.get("payload"))
    elif not event.get("dedup_key"):
        found.append("'dedup_key' is missing or blank")
    return found


def _problems_of_payload(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    missing = [name for name in ("summary", "source", "severity") if not payload.get(name)]
    found = [f"'payload.{name}' is missing or blank" for name in missing]
    if payload.get("severity") and payload["severity"] not in SEVERITIES:
        found.append(f"'payload.severity' is invalid (must be one of the following: {', '.join(SEVERITIES)})")
    return found


def _incident(event: dict[str, Any]) -> str | None:
    """By which the product names it in the link of the event."""
    links = event.get("links") or []
    return str(links[0].get("text")) if links else None


def _text(payload: dict[str, Any]) -> str:
    details = payload.get("custom_details") or {}
    return "\n".join(f"{name}: {value}" for name, value in details.items())
