"""A running sandbox, and a product that hears what providers say."""

from __future__ import annotations

import os
import smtplib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx
import pytest
from django.test import Client

from launcher.sandbox import sandbox_variables
from sandbox.diary import Diary, Happening
from sandbox.outbox import Outbox, Row
from tests.sandbox import process as sandbox_process

T = TypeVar("T")


@dataclass(frozen=True)
class Heard:
    """One request to the product."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str

    @property
    def path(self) -> str:
        return self.url.partition("?")[0].removeprefix(f"http://{self.headers['host']}")

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))


@dataclass
class Product:
    """A server that keeps what it hears, and answers a path as a test says."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)

    def at(self, path: str) -> list[Heard]:
        return [each for each in self.heard if each.path == path]


@dataclass
class Running:
    """A sandbox process and what it keeps."""

    folder: Path
    environment: dict[str, str]
    product: Product

    @property
    def url(self) -> str:
        return self.environment["SANDBOX_HTTP_URL"]

    @property
    def smtp_port(self) -> int:
        return int(self.environment["SANDBOX_SMTP_PORT"])

    @property
    def rows(self) -> list[Row]:
        return Outbox(self.folder).rows()

    def happened(self, what: str) -> list[str]:
        return [each.text for each in self.diary() if each.what == what]

    def diary(self) -> list[Happening]:
        return Diary(self.folder).happenings()

    def control(self, name: str, **wish: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/control/{name}", json=wish, timeout=20, trust_env=False)


def wait_for(question: Callable[[], T], *, within: float = 10) -> T:
    """The first answer to ``question`` that is true."""
    end = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < end, f"still {answer!r} after {within} s"
        time.sleep(0.02)
    return answer


@pytest.fixture
def product() -> Iterator[Product]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.command, house.url + self.path, headers, self.rfile.read(length).decode())
            house.heard.append(heard)
            status, body = house.answers.get(heard.path, (200, ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    house = Product(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield house
    server.shutdown()
    server.server_close()


@pytest.fixture
def sandbox(tmp_path: Path, product: Product) -> Iterator[Running]:
    """A running sandbox that knows ``product`` as the house."""
    variables = sandbox_variables(tmp_path, {})
    running = Running(Path(variables["SANDBOX_DIR"]), variables, product)
    process = start(running)
    yield running
    end(process)


def start(running: Running) -> BaseProcess:
    """Start the process of ``running`` and wait until it takes mails."""
    process = sandbox_process.run(dict(os.environ) | running.environment | {"SITE_URL": running.product.url})
    for _ in range(2000):
        try:
            smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=1).quit()
            break
        except OSError:
            time.sleep(0.01)
    return process


def end(process: BaseProcess) -> None:
    """Ask it to end, as the launcher does; it does so in order."""
    process.terminate()
    process.join(10)
    assert process.exitcode == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the sandbox keeps what was sent."""
    return tmp_path / "sandbox"


@pytest.fixture
def browser(client: Client, folder: Path, settings: Any) -> Client:
    """A browser on the house's pages."""
    settings.SANDBOX_DIR = str(folder)
    settings.ROOT_URLCONF = "tests.sandbox.urls"
    return client
