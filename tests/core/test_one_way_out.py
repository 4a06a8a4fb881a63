"""Nothing leaves the house but by the client that judges addresses, and by the mail server of the settings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

APPS = Path(__file__).resolve().parents[2] / "apps"
#: What opens connections. The first two know deadlines and addresses, the third talks to the mail server alone.
OPENS = {"socket", "ssl", "httpcore", "requests", "urllib.request", "urllib3", "aiohttp", "http.client", "ftplib"}
MAY = {"core/http.py", "core/outbound.py", "notifications/channels/smtp.py"}
CALLS = {"Client", "AsyncClient", "HTTPTransport", "get", "post", "put", "patch", "delete", "request", "stream"}


def ways_out(source: str) -> Iterator[str]:
    """What a module imports that opens connections, and what it calls of httpx that does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in OPENS)
        elif isinstance(node, ast.ImportFrom) and node.module in OPENS:
            yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {f"httpx.{name}" for name in CALLS}:
            yield ast.unparse(node.func)


def test_a_way_out_is_found() -> None:
    source = "import requests\nfrom urllib.request import urlopen\nhttpx.get('x')\ndef of(http: httpx.Client): ..."
    assert list(ways_out(source)) == ["requests", "urllib.request", "httpx.get"]


def test_there_is_one_way_out() -> None:
    modules = {path.relative_to(APPS).as_posix(): path for path in APPS.rglob("*.py")}
    found = {name: sorted(ways_out(path.read_text())) for name, path in modules.items() if name not in MAY}
    assert {name: ways for name, ways in found.items() if ways} == {}
    assert set(modules) >= MAY
