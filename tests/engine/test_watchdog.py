"""When pages do not get out, somebody hears of it past the engine; while they do, somebody elsewhere hears that."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core import mail
from django.core.checks import registry as system_checks
from django.db import OperationalError

from apps.core.errors import OutcomeUnknown, Unreachable
from apps.engine import actions, checks, deployment, identity, loop, queries, registry, watchdog
from apps.engine.models import Lane
from tests.integrations.provider import Answer, Provider


class Hands:
    """A clock that is moved by hand, and a complaint that is made by hand."""

    def __init__(self) -> None:
        self.seconds, self.trouble = 0.0, ""
        self.dog = watchdog.Watchdog(ask=lambda: self.trouble, clock=lambda: self.seconds)

    def look_after(self, seconds: float) -> list[str]:
        """The subjects of what is mailed when it looks that much later."""
        mail.outbox.clear()
        self.seconds += seconds
        self.dog.look()
        return [message.subject for message in mail.outbox]


@pytest.fixture
def hands(settings) -> Hands:
    settings.WATCHDOG_TO = ["ops@example.com"]
    return Hands()


BARK = ["ADO Incidents: PAGES DO NOT GET OUT"]


def test_it_barks_once_the_trouble_has_lasted_and_again_while_it_lasts_and_says_when_it_is_over(hands):
    hands.trouble = "Pages have been due for 45 s."
    assert hands.look_after(0) == []
    assert hands.look_after(59) == []
    assert hands.look_after(1) == BARK
    assert "Pages have been due for 45 s." in mail.outbox[0].body
    assert mail.outbox[0].to == ["ops@example.com"]
    assert hands.look_after(60) == []
    assert hands.look_after(30 * 60) == BARK
    hands.trouble = ""
    assert hands.look_after(10) == ["ADO Incidents: Pages get out again"]
    assert hands.look_after(10) == []


def test_trouble_that_passes_by_itself_is_not_told(hands):
    hands.trouble = "No worker is running."
    assert hands.look_after(30) == []
    hands.trouble = ""
    assert hands.look_after(20) == []
    hands.trouble = "No worker is running."
    assert hands.look_after(20) == []
    assert hands.look_after(50) == []


def test_a_mail_that_could_not_be_sent_is_sent_at_the_next_look(hands, settings):
    hands.trouble = "No worker is running."
    hands.look_after(0)
    settings.EMAIL_BACKEND = "no.such.Backend"
    with pytest.raises(ImportError):
        hands.look_after(60)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert hands.look_after(10) == BARK


@pytest.mark.django_db
def test_it_complains_of_what_the_checks_of_other_apps_find(monkeypatch):
    identity.me.number()
    monkeypatch.setattr(checks, "_checks", {"proof": lambda: "Nobody proved anything."})
    assert watchdog.complaint() == "Nobody proved anything."
    identity.me.release()


def test_it_complains_of_a_database_that_is_away(monkeypatch):
    def away() -> queries.Health:
        raise OperationalError("connection refused")

    monkeypatch.setattr(queries, "health", away)
    assert watchdog.complaint() == "The database cannot be reached: connection refused"


@pytest.fixture
def listener() -> Iterator[ThreadingHTTPServer]:
    """Somebody elsewhere; ``visits`` are the addresses that were fetched."""

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.visits.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    server.visits = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_heartbeat_stops_when_pages_do_not_get_out(listener, settings, monkeypatch):
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{listener.server_port}/alive"
    monkeypatch.setattr(watchdog, "complaint", lambda: "")
    watchdog.ping()
    assert listener.visits == ["/alive"]
    monkeypatch.setattr(watchdog, "complaint", lambda: "No worker is running.")
    watchdog.ping()
    assert listener.visits == ["/alive"]


def test_a_heartbeat_that_nobody_hears_is_an_error(settings, monkeypatch):
    settings.HEARTBEAT_URL = "http://127.0.0.1:9/alive"
    monkeypatch.setattr(watchdog, "complaint", lambda: "")
    with pytest.raises(Unreachable):
        watchdog.ping()


def test_a_heartbeat_that_drips_is_over_in_time(settings, monkeypatch):
    monkeypatch.setattr(watchdog, "complaint", lambda: "")
    monkeypatch.setattr(watchdog, "PING_LIMIT", timedelta(seconds=1))
    with Provider(lambda _: Answer()) as provider:
        provider.fault, settings.HEARTBEAT_URL = "drip", f"{provider.url}/alive"
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            watchdog.ping()
    assert time.monotonic() - began < 5


@pytest.mark.django_db(transaction=True)
def test_a_watch_that_hangs_or_fails_holds_up_neither_the_engine_nor_the_others(seen, monkeypatch):
    stop, released, called = threading.Event(), threading.Event(), []

    def hangs() -> None:
        released.wait(10)

    def fails() -> None:
        called.append("fails")
        raise RuntimeError("no")

    def works() -> None:
        called.append("works")
        if called.count("works") >= 3 and called.count("fails") >= 3 and seen:
            released.set()
            stop.set()

    monkeypatch.setattr(registry, "_watches", {})
    for function in (hangs, fails, works):
        registry.watch(function.__name__, every=timedelta(milliseconds=20))(function)
    actions.schedule("note", key="a")
    too_late = threading.Timer(8, stop.set)
    too_late.start()
    loop.run(stop=stop, lanes=[Lane.WORK])
    too_late.cancel()
    assert seen == ["a"]
    assert released.is_set()


def test_an_installation_that_nobody_would_hear_of_is_warned_of_before_it_goes_into_production(settings):
    settings.WATCHDOG_TO, settings.HEARTBEAT_URL = [], ""
    assert [found.id for found in deployment.somebody_would_notice(None)] == ["engine.W001", "engine.W002"]
    settings.WATCHDOG_TO, settings.HEARTBEAT_URL = ["ops@example.com"], "http://127.0.0.1:9/alive"
    assert deployment.somebody_would_notice(None) == []
    assert deployment.somebody_would_notice in system_checks.registry.get_checks(include_deployment_checks=True)
