"""Faults on request: a provider that fails as providers do, for everybody or for one receiver."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

PROVIDERS = ("twilio", "slack", "push", "webhook", "smtp", "jira", "pagerduty", "zoom", "statuspage")
NONSENSE = "<html><body>It works!</body></html>"


class Kind(StrEnum):
    """The ways to fail. SLOW is the one that does what was asked, only late."""

    SERVER_ERROR = "500"
    TOO_MANY = "429"
    HANG = "hang"
    SLOW = "slow"
    CLOSE = "close"
    NONSENSE = "nonsense"


@dataclass(frozen=True)
class Fault:
    """How a provider fails until told otherwise.

    ``seconds`` is how long HANG and SLOW take, ``retry_after`` (seconds) what TOO_MANY asks for, ``to`` the only
    receiver it holds for (everybody when empty). With ``kept`` the message arrives and only its answer is spoiled.
    """

    kind: Kind
    seconds: float
    retry_after: int = 1
    to: str = ""
    kept: bool = False


class Faults:
    """The fault of each provider, at most one."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}

    def choose(self, wanted: Mapping[str, Any]) -> None:
        """Set or, with the fault "none", clear a provider's fault. Raises ValueError for one that does not exist."""
        provider, name = wanted.get("provider"), str(wanted.get("fault", "none"))
        if provider not in PROVIDERS:
            raise ValueError(f"provider is one of {', '.join(PROVIDERS)}, not {provider!r}.")
        if name == "none":
            self._faults.pop(provider, None)
            return
        kind = Kind(name)
        self._faults[provider] = Fault(
            kind,
            seconds=float(wanted.get("seconds") or (5 if kind is Kind.SLOW else 3600)),
            retry_after=int(wanted.get("retry_after") or 1),
            to=str(wanted.get("to") or ""),
            kept=bool(wanted.get("kept")),
        )

    def of(self, provider: str, *receivers: str) -> Fault | None:
        """The fault of ``provider`` for a message to any of ``receivers``."""
        fault = self._faults.get(provider)
        return fault if fault and (not fault.to or fault.to in receivers) else None

    def as_json(self) -> dict[str, dict[str, Any]]:
        """The faults that hold now, by provider."""
        return {name: {**vars(fault), "kind": fault.kind.value} for name, fault in self._faults.items()}


async def spoil(request: web.Request, provider: str, fault: Fault) -> web.StreamResponse:
    """Answer ``request`` as ``fault`` says."""
    if fault.kind is Kind.HANG:
        await _wait_while_connected(request, fault.seconds)
        return _cut(request)
    if fault.kind is Kind.CLOSE:
        return await _cut_in_the_middle(request)
    if fault.kind is Kind.NONSENSE:
        return web.Response(text=NONSENSE, content_type="text/html")
    status = int(fault.kind.value)
    headers = {"Retry-After": str(fault.retry_after)} if fault.kind is Kind.TOO_MANY else None
    if provider == "slack":
        error = "ratelimited" if status == web.HTTPTooManyRequests.status_code else "internal_error"
        return web.json_response({"ok": False, "error": error}, status=status, headers=headers)
    if provider == "twilio":
        code = 20429 if status == web.HTTPTooManyRequests.status_code else 20500
        problem = {"code": code, "message": "A fault was asked for.", "more_info": "", "status": status}
        return web.json_response(problem, status=status, headers=headers)
    return web.Response(text="A fault was asked for.", status=status, headers=headers)


async def _wait_while_connected(request: web.Request, seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while request.transport is not None and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.1)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut_in_the_middle(request: web.Request) -> web.StreamResponse:
    """Promise more than is sent, and close."""
    response = web.StreamResponse(headers={"Content-Length": "512", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"sid": "')
    _cut(request)
    return response
