"""A mail server that is slow in every way holds a page for a bounded time, whatever each step may take."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from apps.core.errors import ProviderError
from apps.notifications import actions, delivery
from apps.notifications.channels import smtp
from apps.notifications.models import DeliveryState, NotificationKind
from tests.factories.incidents import declare
from tests.notifications.test_delivery import WORK, mails_of


class DrippingServer:
    """Greets at once, and from the line that begins with ``drips_after`` on says one byte each tenth of a second."""

    ANSWERS = {b"EHLO": b"250 ok", b"MAIL": b"250 ok", b"RCPT": b"250 ok", b"DATA": b"354 go on", b".": b"250 ok"}

    def __init__(self, drips_after: bytes) -> None:
        self._drips_after = drips_after
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.sendall(b"220 here\r\n")
        for line in connection.makefile("rb"):
            if line.upper().startswith(self._drips_after):
                connection.sendall(b"250-")
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.1)
            said = next((answer for begin, answer in self.ANSWERS.items() if line.upper().startswith(begin)), None)
            if said is not None:
                connection.sendall(said + b"\r\n")


@pytest.fixture
def mail_server_that_drips(settings, monkeypatch) -> Iterator[DrippingServer]:
    """As ``mail_server_that_drips(b"EHLO")``."""
    monkeypatch.setattr(smtp, "TOTAL_SECONDS", 1.0)
    settings.EMAIL_BACKEND = "apps.notifications.channels.smtp.Backend"
    servers: list[DrippingServer] = []

    def start(drips_after: bytes) -> None:
        servers.append(DrippingServer(drips_after))
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", servers[0].port

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def page(team, olga):
    incident = declare(team)
    return actions.notify(olga, incident=incident, kind=NotificationKind.PAGE, step="x", subject="Down", text="Down.")


@pytest.mark.parametrize(
    ("drips_after", "left", "said"),
    [
        (b"EHLO", DeliveryState.PLANNED, "broke before"),
        (b"RCPT", DeliveryState.PLANNED, "broke before"),
        (b".", DeliveryState.UNKNOWN, "broke while"),
    ],
)
def test_a_server_that_drips_its_answer_is_left_after_the_total_time(
    page, mail_server_that_drips, drips_after, left, said
):
    mail_server_that_drips(drips_after)
    threads, since = threading.active_count(), time.monotonic()
    with pytest.raises(ProviderError, match=said):
        delivery.attempt(mails_of(page)[WORK].pk)
    assert 0.9 < time.monotonic() - since < 5
    assert mails_of(page)[WORK].state == left
    assert threading.active_count() <= threads, "nothing waits for a connection that is closed"


def test_a_name_that_nobody_resolves_in_time_is_not_waited_for(page, mail_server_that_drips, settings, monkeypatch):
    mail_server_that_drips(b"EHLO")
    end = threading.Event()

    def hang(*_, **__):
        end.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    since = time.monotonic()
    try:
        with pytest.raises(OSError, match="not resolved in time"):
            smtp.Backend(host="mail.example", port=25, timeout=10).open()
    finally:
        end.set()
    assert time.monotonic() - since < 5
