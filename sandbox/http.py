"""The HTTP server: every provider on one loopback port, and the faults in front of them."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox import control, pagerduty, push, statuspage, webhooks, zoom
from sandbox.exchange import EXCHANGE, Exchange
from sandbox.faults import Kind, spoil
from sandbox.jira import api as jira
from sandbox.slack import api as slack
from sandbox.slack import commands, interactions
from sandbox.twilio import api as twilio

HOSTS = ("127.0.0.1", "localhost", "::1")
LARGEST = 25 * 1024 * 1024


def application(exchange: Exchange) -> web.Application:
    """Everything that the sandbox speaks over HTTP."""
    app = web.Application(middlewares=[_loopback_only, _with_faults], client_max_size=LARGEST)
    app[EXCHANGE] = exchange
    for part in (
        twilio, slack, interactions, commands, push, webhooks, pagerduty, jira, zoom, statuspage, control,
    ):  # fmt: skip
        part.routes(app)
    return app


@web.middleware
async def _loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a browser that was led here by a name of somebody else's."""
    if urlsplit(f"//{request.host}").hostname not in HOSTS:
        return web.Response(status=421, text="The sandbox is reached on the loopback interface only.")
    return await handler(request)


@web.middleware
async def _with_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a provider fail as was asked for (``/control/faults``)."""
    exchange, provider = request.app[EXCHANGE], _provider(request)
    fault = exchange.faults.of(provider, *await _receivers(request, exchange)) if provider else None
    if fault is None:
        return await handler(request)
    if fault.kind is Kind.SLOW:
        await asyncio.sleep(fault.seconds)
        return await handler(request)
    if fault.kept:
        await handler(request)
    return await spoil(request, provider, fault)


def _provider(request: web.Request) -> str:
    path = request.path
    if path.startswith("/push/subscriptions"):
        return ""
    starts = {"/2010-04-01/": "twilio", "/api/": "slack", "/push/": "push", "/webhook/": "webhook"}
    starts |= {"/pagerduty/": "pagerduty", "/jira/": "jira", "/zoom/": "zoom", "/statuspage/": "statuspage"}
    return next((name for start, name in starts.items() if path.startswith(start)), "")


async def _receivers(request: web.Request, exchange: Exchange) -> list[str]:
    """By which names the receiver of a request can be meant."""
    device = exchange.phones.devices.get(request.match_info.get("id", ""))
    named = [request.match_info.get("name", ""), device.name if device else "", device.id if device else ""]
    if request.content_type == "application/json":
        await request.read()  # kept by the request: whoever handles it reads it again
        try:
            given = await request.json()
        except ValueError:
            given = None
        fields = given if isinstance(given, dict) else {}
    else:
        fields = {**request.query, **(await request.post() if request.content_type.startswith(FORMS) else {})}
    channel = str(fields.get("channel", ""))
    return [*named, channel, slack.receiver(exchange, channel), str(fields.get("To", "")), str(fields.get("email", ""))]


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
