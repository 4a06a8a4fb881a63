"""A real identity provider on loopback, by which people sign in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from environs import Env
from oidc_provider_mock import run_server_in_thread

from apps.identity.oidc import asking, configuration

ENV = {"NAME": "Entra", "CLIENT_ID": "ado", "CLIENT_SECRET": "hush"}


class Provider:
    """Says of each person, by their number there, what it was told last."""

    def __init__(self, address: str) -> None:
        self.address = address

    def says(self, sub: str, **claims: Any) -> None:
        httpx.put(f"{self.address}/users/{sub}", json=claims).raise_for_status()

    def leads_back(self, there: str, sub: str) -> str:
        """Where it sends whoever came to ``there`` and proved to be ``sub``."""
        answer = httpx.post(there, data={"sub": sub})
        assert answer.status_code == 302, answer.text
        found = urlsplit(answer.headers["Location"])
        return f"{found.path}?{found.query}"


@contextmanager
def running(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that the house knows as ``entra``, and asks for the first time; it insists on a nonce."""
    monkeypatch.setattr(asking, "_answers", {})
    with run_server_in_thread(require_nonce=True) as server:
        provider = Provider(f"http://localhost:{server.server_port}")
        configured(settings, monkeypatch, provider.address)
        yield provider


def configured(settings: Any, monkeypatch: pytest.MonkeyPatch, issuer: str, **more: str) -> None:
    """Let ``issuer`` be known as ``entra``, with ``more`` settings of its own."""
    for name, value in {**ENV, "ISSUER": issuer, **more}.items():
        monkeypatch.setenv(f"OIDC_ENTRA_{name}", value)
    monkeypatch.setenv("OIDC_PROVIDERS", "entra")
    settings.OIDC_PROVIDERS = configuration.read(Env())
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"APPS": [each.as_app() for each in settings.OIDC_PROVIDERS.values()]}
    }
