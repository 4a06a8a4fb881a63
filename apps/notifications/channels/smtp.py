"""The SMTP connection of the house: Django's, over in time, and it remembers whether a message was on its way."""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import suppress
from typing import Any

import httpcore
from django.core.mail.backends.smtp import EmailBackend

from apps.core.outbound import Deadline, resolve

#: Everything over one connection together, whatever each step may take: below the trial of a circuit (``breakers``)
#: and the lease of the engine's timers.
TOTAL_SECONDS = 25.0


class _Plain(smtplib.SMTP):
    """What is said until DATA can be said again without harm (RFC 5321, 4.1.1.4): only then is a message in doubt."""

    data_begun = False
    _end: threading.Timer | None = None
    _twin: socket.socket | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._deadline = Deadline(TOTAL_SECONDS)
        super().__init__(*args, **options)

    def data(self, msg: Any) -> Any:
        """Send the content; from here on a connection that breaks leaves the outcome unknown."""
        self.data_begun = True
        return super().data(msg)

    def connect(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        """Connect, and leave nothing behind where that fails."""
        try:
            return super().connect(*args, **options)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, and what would have ended it."""
        if self._end is not None and self._twin is not None:
            self._end.cancel()
            self._twin.close()
        super().close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect to the first address that answers, and let the connection end at the deadline.

        It is shut from outside, because each byte of an answer may take as long as a step.
        """
        connected = self._connect(host, port, timeout)
        self._twin = connected.dup()  # encrypting takes the socket itself away
        self._end = threading.Timer(self._deadline.within(None), _shut, [self._twin])
        self._end.daemon = True
        self._end.start()
        return connected

    def _connect(self, host: str, port: int, timeout: float) -> socket.socket:
        try:
            addresses = resolve(host, port, timeout=self._deadline.within(timeout))
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise OSError(str(error)) from error
        for address in addresses[:-1]:
            with suppress(OSError):
                return socket.create_connection((address, port), self._deadline.within(timeout), self.source_address)
        return socket.create_connection((addresses[-1], port), self._deadline.within(timeout), self.source_address)


class _Encrypted(smtplib.SMTP_SSL, _Plain):
    pass


class Backend(EmailBackend):
    """Django's SMTP backend for one message a connection, which is over after TOTAL_SECONDS."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain

    @property
    def data_begun(self) -> bool:
        """Whether the content of the message was begun to be handed over."""
        return bool(getattr(self.connection, "data_begun", True))


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be over already
        connection.shutdown(socket.SHUT_RDWR)
