"""Kinds of timers that exist for one test, and what is left behind by them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.db import connection

from apps.engine import registry, wake, worker
from apps.engine.models import Timer


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))
    monkeypatch.setattr(registry, "_death_reactions", deepcopy(registry._death_reactions))


@pytest.fixture(autouse=True)
def fresh_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not looked at any lane yet."""
    monkeypatch.setattr(worker, "_low_water", {lane: worker.LowWater() for lane in registry.Lane})
    monkeypatch.setattr(worker, "_taking_back", worker.Every(timedelta(seconds=1)))
    monkeypatch.setattr(worker, "_planning", worker.Every(timedelta(minutes=1)))


@pytest.fixture
def seen() -> list[str]:
    """The keys of the timers that the kind ``note`` handled, in order."""
    keys: list[str] = []

    @registry.handler("note", lane=registry.Lane.WORK)
    def note(timer: Timer) -> None:
        keys.append(timer.key)

    return keys


@pytest.fixture
def use_broker(settings, monkeypatch):
    """Point the process at the broker of this address."""

    def use(url):
        settings.REDIS_URL = url
        monkeypatch.setattr(current_app.conf, "broker_url", url)
        return wake.Waker()

    return use


@pytest.fixture
def own_database_url() -> str:
    """Where another process finds the database of this test."""
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def at_once(count: int, work: Callable[[], object]) -> None:
    """Run ``work`` in ``count`` threads that begin together; raise what one of them raised."""
    gate = threading.Barrier(count)
    raised: list[Exception] = []

    def run() -> None:
        try:
            gate.wait(timeout=10)
            work()
        except Exception as error:  # noqa: BLE001  (raised again by the thread of the test)
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if raised:
        raise raised[0]


@pytest.fixture
def together() -> Callable[[int, Callable[[], object]], None]:
    """Call as ``together(threads, work)``."""
    return at_once
