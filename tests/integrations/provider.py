"""A provider on loopback: it keeps what it is asked, and answers, or fails, as the test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass
class Answer:
    """What is answered. ``missing``: so many bytes less than were announced, then it closes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0

    @classmethod
    def of(cls, told: object, status: int = 200, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(told).encode(), {"Content-Type": "application/json", **named})


class Provider:
    """Answers on loopback while used as a context; ``received`` holds the requests, oldest first."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.received: list[Request] = []
        self.answer = answer
        self.fault = ""
        """``hang``, ``close`` (without an answer), ``drip`` (a byte now and then)."""
        self._go_on = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, dict(self.headers.items()), body)
                provider.received.append(request)
                provider._give(self, request)

            do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815  (http.server's)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def _give(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        handler.close_connection = True
        if self.fault == "hang":
            self._go_on.wait(20)
            return
        if self.fault == "drip":
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
                handler.wfile.write(bytes([byte]))
                if self._go_on.wait(0.1):
                    return
        if self.fault == "close":
            return
        answer = self.answer(request)
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body) + answer.missing))
        handler.end_headers()
        handler.wfile.write(answer.body)


def nobody_there() -> str:
    """The address of a server that has gone."""
    with Provider(lambda _: Answer()) as gone:
        return gone.url
