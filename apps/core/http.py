"""The one way out over HTTP: bounded in time, nowhere but where it was meant to go, and honest about the outcome.

A call ends in an answer of success or in an error that says what is known: nobody was reached, the other side refused,
or it is not known whether it took what it was sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpcore
import httpx
from django.conf import settings

from apps.core import clock
from apps.core.errors import AddressForbidden, OutcomeUnknown, ProviderError, Unreachable
from apps.core.outbound import Backend, Deadline

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
#: Everything on one client together: well below the lease of the engine's timers.
TOTAL_SECONDS = 25.0
LONGEST_ANSWER = 1024 * 1024

#: Answers after which the same request may succeed later; 420 is Statuspage's own word for too many.
_LATER = {408, 420, 425, 429}
#: Answers to whoever asks: no or wrong credentials, an account that may not.
_REFUSES_US = {401, 403}


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The object in the body. Raises OutcomeUnknown for anything else: nobody knows what such an answer means."""
        told = self._loaded()
        if not isinstance(told, dict):
            raise OutcomeUnknown(f"The answer {self.status} is no object: {self.text!r}")
        return told

    def rows(self) -> list[Any]:
        """The array in the body. Raises OutcomeUnknown for anything else."""
        told = self._loaded()
        if not isinstance(told, list):
            raise OutcomeUnknown(f"The answer {self.status} is no list: {self.text!r}")
        return told

    def _loaded(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise OutcomeUnknown(f"The answer {self.status} is no JSON: {self.text!r}") from error

    @property
    def text(self) -> str:
        """The beginning of the body, for a person to read."""
        return " ".join(self.body[:400].decode("utf-8", "replace").split())[:200]


class Refused(ProviderError):
    """The other side answered, and not with success: ``reply`` says how."""

    def __init__(self, reply: Reply) -> None:
        later = reply.status >= 500 or reply.status in _LATER
        super().__init__(
            f"Answered {reply.status}: {reply.text or 'nothing'}",
            permanent=not later,
            retry_after=retry_after(reply.headers.get("retry-after", "")) if later else None,
            refuses_us=reply.status in _REFUSES_US,
        )
        self.reply = reply


@contextmanager
def client(base_url: str = "", *, public_only: bool = False, seconds: float = TOTAL_SECONDS) -> Iterator[httpx.Client]:
    """A client whose every exchange is over ``seconds`` after this call; it follows no redirect and asks no proxy.

    ``public_only``: for addresses that people enter; only the public network is reached (``outbound``), but where
    OUTBOUND_PRIVATE allows others (development). Raises AddressForbidden for a ``base_url`` that is none.
    """
    deadline = Deadline(seconds)
    transport = _Transport(deadline, public_only=_stays_outside(public_only))
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    headers = {"User-Agent": "ADO-Incidents", "Accept-Encoding": "identity"}
    try:
        made = httpx.Client(
            base_url=base_url,
            transport=transport,
            timeout=timeout,
            headers=headers,
            follow_redirects=False,
            trust_env=False,
        )
    except httpx.InvalidURL as error:
        raise AddressForbidden(f"This is no address to send to: {_said(error)}") from error
    with made:
        yield made


def connect(host: str, port: int, *, public_only: bool = False, seconds: float = TOTAL_SECONDS) -> None:
    """Open a connection of TCP and close it again, within ``seconds``; ``public_only`` as for a ``client``.

    Raises Unreachable where nobody is there, AddressForbidden for what must not be asked.
    """
    backend = Backend(Deadline(seconds), public_only=_stays_outside(public_only))
    try:
        backend.connect_tcp(host, port).close()
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise Unreachable(f"Nobody answers: {_said(error)}") from error


class TooLong(OutcomeUnknown):
    """The answer is longer than the caller takes; what follows was not read."""


def send(http: httpx.Client, method: str, url: str, *, longest: int = LONGEST_ANSWER, **request: Any) -> Reply:
    """Make one request and return the answer, of ``longest`` bytes at most, if it says success (2xx).

    Raises Unreachable where nobody was there, AddressForbidden for an address that is none or must not be asked,
    Refused for any other answer (permanent for 3xx and 4xx, but 408, 420, 425 and 429), OutcomeUnknown where the
    exchange broke or hung after the request went out, TooLong for a longer answer.
    """
    try:
        reply = _exchange(http, method, url, longest, request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Unreachable(f"Nobody answers: {_said(error)}") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise AddressForbidden(f"This is no address to send to: {_said(error)}") from error
    except httpx.HTTPError as error:
        raise OutcomeUnknown(f"The exchange broke before the answer was complete: {_said(error)}") from error
    if not 200 <= reply.status < 300:
        raise Refused(reply)
    return reply


def retry_after(header: str) -> float | None:
    """How many seconds a Retry-After asks to wait: it names seconds or a date (RFC 9110, 10.2.3); None for nonsense."""
    header = header.strip()
    if header.isascii() and header.isdecimal():
        return float(header[:12])
    try:
        until = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max((until - clock.now()).total_seconds(), 0.0)


class _Transport(httpx.HTTPTransport):
    """httpx's own, over a network that knows the deadline and the addresses that may be asked."""

    def __init__(self, deadline: Deadline, *, public_only: bool) -> None:
        super().__init__(verify=_trusted(), trust_env=False)
        backend = Backend(deadline, public_only=public_only)
        self._pool = httpcore.ConnectionPool(ssl_context=_trusted(), max_connections=2, network_backend=backend)


def _stays_outside(public_only: bool) -> bool:
    return public_only and settings.OUTBOUND_PRIVATE != "allowed"


@cache
def _trusted() -> Any:
    """Whom to trust, read once: that takes longer than a request. SSL_CERT_FILE names others."""
    return httpx.create_ssl_context()


def _exchange(http: httpx.Client, method: str, url: str, longest: int, request: dict[str, Any]) -> Reply:
    with http.stream(method, url, **request) as answer:
        body = bytearray()
        for part in answer.iter_raw():
            body += part
            if len(body) > longest:
                raise TooLong(f"The answer {answer.status_code} is longer than any that is expected.")
        return Reply(answer.status_code, answer.headers, bytes(body))


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
