"""A provider over HTTP that misbehaves when told to: what text messages, calls and pushes are sent to.

It keeps each request that it took, under the idempotency key that came with it, so that an account can be made of it
as of the mail server's, and notes when each came that it did not take.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs

from faults.mail import covered
from launcher.ports import LOOPBACK

SLOW_BY = 30.0
"""Seconds, which is longer than the house waits for anybody."""
RETRY_AFTER = 3
KEY_HEADER = "Idempotency-Key"
CALLBACK = "StatusCallback"
"""Twilio knows no idempotency key: the house's own is the end of the address that it is told what became of it."""


class Fault(Enum):
    """What the provider does in place of answering well; ``keeps`` says whether it took the request all the same."""

    BROKEN = "500", False
    BUSY = f"429 with Retry-After: {RETRY_AFTER}", False
    REFUSES = "400 about this one receiver", False
    HANGS = f"says nothing for {SLOW_BY:.0f} s, and does not take it", False
    SLOW = f"takes it, and says so after {SLOW_BY:.0f} s", True
    CLOSES = "closes in the middle of its answer", True
    NONSENSE = "200 with a body that means nothing", True

    @property
    def keeps(self) -> bool:
        return self.value[1]


@dataclass(frozen=True)
class Request:
    """A request as the provider got it."""

    at: datetime
    path: str
    key: str
    body: str
    headers: Message

    @property
    def to(self) -> str:
        """The number that a text message is for."""
        return self.form.get("To", "")

    @property
    def kind(self) -> str:
        """What the house says that it is."""
        return str(self.headers.get("X-ADO-Kind") or "other")

    @property
    def covers(self) -> tuple[tuple[str, int], ...]:
        """The incidents and levels that it pages for."""
        return covered(self.headers)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form that was posted, each with its first value."""
        return {name: values[0] for name, values in parse_qs(self.body).items()}


Chooser = Callable[[Request], bool]
Answer = Callable[[Request], tuple[int, str]]


def first_of_each() -> Chooser:
    """Chooses the first request for each number."""
    seen: set[str] = set()

    def choose(request: Request) -> bool:
        is_first = request.to not in seen
        seen.add(request.to)
        return is_first

    return choose


def created(request: Request) -> tuple[int, str]:
    """The good answer of a provider that tells nothing but that it has the message."""
    return 201, '{"sid": "%s", "status": "queued"}' % (request.key or "none")


class Provider:
    """Listens on a loopback port while used as a context; ``answer`` says what it answers when all is well."""

    def __init__(self, answer: Answer = created) -> None:
        self._answer = answer
        self._mutex = threading.Lock()
        self._kept: list[Request] = []
        self._turned_away: list[Request] = []
        self._fault: tuple[Fault, Chooser | None, int | None] | None = None
        self._seen: Counter[Fault] = Counter()
        self._over = threading.Event()
        provider = self

        class Handler(_Handler):
            def do_POST(self) -> None:
                provider.take(self)

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Provider:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def misbehave(self, fault: Fault, *, at: Chooser | None = None, times: int | None = None) -> None:
        """Let requests that ``at`` chooses (all without it) meet ``fault``, ``times`` times or until ``behave``."""
        with self._mutex:
            self._fault = (fault, at, times)

    def behave(self) -> None:
        """Answer well again, whoever asks from now on."""
        with self._mutex:
            self._fault = None

    def forget(self) -> None:
        """Behave, and begin with nothing; who waits for an answer is hung up on."""
        with self._mutex:
            self._fault = None
            self._kept.clear()
            self._turned_away.clear()
            self._seen.clear()
            self._over.set()
            self._over = threading.Event()

    def kept(self, kind: str = "") -> list[Request]:
        """What was taken (of that kind, or all), oldest first; a key that came twice is there twice."""
        with self._mutex:
            return [request for request in self._kept if kind in ("", request.kind)]

    def turned_away(self) -> list[Request]:
        """What was not taken, oldest first."""
        with self._mutex:
            return list(self._turned_away)

    def misbehaved(self, fault: Fault) -> int:
        """How many requests met that fault."""
        with self._mutex:
            return self._seen[fault]

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Keep one request and answer it, or do what was asked for in place of that."""
        request = _read(handler)
        fault = self._fault_of(request)
        with self._mutex:
            (self._kept if fault is None or fault.keeps else self._turned_away).append(request)
            over = self._over
        match fault:
            case None:
                _say(handler, *self._answer(request))
            case Fault.BROKEN:
                _say(handler, 500, "Internal Server Error")
            case Fault.BUSY:
                _say(handler, 429, "Too Many Requests", retry_after=RETRY_AFTER)
            case Fault.REFUSES:
                _say(handler, 400, '{"code": 21211, "message": "Not a valid phone number"}')
            case Fault.HANGS:
                over.wait(SLOW_BY)
            case Fault.SLOW:
                if not over.wait(SLOW_BY):
                    _say(handler, *self._answer(request))
            case Fault.CLOSES:
                _say(handler, *self._answer(request), promised=1000)
            case Fault.NONSENSE:
                _say(handler, 200, "<html>It works!</html>")

    def _fault_of(self, request: Request) -> Fault | None:
        with self._mutex:
            if self._fault is None:
                return None
            fault, at, left = self._fault
            if at is not None and not at(request):
                return None
            if left is not None:
                self._fault = (fault, at, left - 1) if left > 1 else None
            self._seen[fault] += 1
            return fault


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the server's)
        """Say nothing: what came is kept."""


def _read(handler: BaseHTTPRequestHandler) -> Request:
    body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode("utf-8", "replace")
    callback = parse_qs(body).get(CALLBACK, [""])[0]
    key = handler.headers.get(KEY_HEADER) or callback.rstrip("/").rpartition("/")[2]
    return Request(datetime.now(UTC), handler.path, key, body, handler.headers)


def _say(
    handler: BaseHTTPRequestHandler, status: int, text: str, *, retry_after: int | None = None, promised: int = 0
) -> None:
    """Answer with ``text``; ``promised`` bytes more are announced and never sent."""
    body = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body) + promised))
    if retry_after is not None:
        handler.send_header("Retry-After", str(retry_after))
    handler.close_connection = True
    with suppress(ConnectionError):  # who asked may be tired of waiting
        handler.end_headers()
        handler.wfile.write(body)
