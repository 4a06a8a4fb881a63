"""A sink for webhooks: takes anything and shows it with its headers."""

from __future__ import annotations

import json

from aiohttp import web

from sandbox.exchange import EXCHANGE
from sandbox.origin import read_origin
from sandbox.reading import links_of

UNINTERESTING = frozenset({"host", "accept", "accept-encoding", "connection", "content-length"})


def routes(app: web.Application) -> None:
    """Add the sink to ``app``."""
    app.router.add_post("/webhook/{name}", _take)


async def _take(request: web.Request) -> web.Response:
    body = (await request.read()).decode("utf-8", "replace")
    request.app[EXCHANGE].outbox.keep(
        "webhook",
        request.match_info["name"],
        read_origin(request.headers.get),
        subject=request.headers.get("webhook-id", ""),
        text=_readable(body),
        links=links_of(body),
        details={"headers": {k: v for k, v in request.headers.items() if k.lower() not in UNINTERESTING}, "body": body},
    )
    return web.json_response({"ok": True})


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
