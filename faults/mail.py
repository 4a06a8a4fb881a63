"""The mail server that the house sends to: it keeps what it took, and misbehaves when told to."""

from __future__ import annotations

import asyncio
import email
import logging
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import TracebackType
from typing import Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from launcher.ports import LOOPBACK, free_port

SLOW_BY = 30.0
"""Seconds, which is longer than the house waits."""
EVERYBODY = "*"


logging.getLogger("mail.log").setLevel(logging.ERROR)  # what breaks off here is meant to


class Mood(Enum):
    """What the server does to a mail in place of taking it."""

    REFUSES = "550 to the address"
    SLOW = "says nothing for 30 s when it is told the address"
    BUSY = "451 to the message"
    CUTS = "closes in the middle of the message, which it does not keep"
    VANISHES = "closes when it has the whole message, which it keeps"
    FORGETS = "says that it took the message, and keeps nothing"


@dataclass(frozen=True)
class Mail:
    """A mail as one receiver got it; what the product says about it stands in its headers.

    ``covers`` are the incidents and levels it pages for: one, or several in a summary, as its receiver reads them.
    """

    at: datetime
    to: str
    kind: str
    covers: tuple[tuple[str, int], ...]
    message_id: str
    subject: str


class Headers(Protocol):
    """Those of a mail, or of a request."""

    def get(self, name: str, /) -> object: ...


class MailServer:
    """Takes mail on a loopback port while used as a context."""

    def __init__(self) -> None:
        self.port = free_port()
        self._mutex = threading.Lock()
        self._kept: list[Mail] = []
        self._moods: dict[str, tuple[Mood, int | None]] = {}
        self._seen: Counter[Mood] = Counter()
        self._server = _Server(self, hostname=LOOPBACK, port=self.port)

    def __enter__(self) -> MailServer:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def misbehave(self, mood: Mood, *addresses: str, times: int | None = None) -> None:
        """Be in ``mood`` towards ``addresses`` (EVERYBODY for all), each ``times`` times or until ``behave``."""
        with self._mutex:
            self._moods |= dict.fromkeys(addresses, (mood, times))

    def behave(self) -> None:
        """Take everything again."""
        with self._mutex:
            self._moods.clear()

    def forget(self) -> None:
        """Behave, and begin with an empty box."""
        with self._mutex:
            self._moods.clear()
            self._seen.clear()
            self._kept.clear()

    def kept(self, kind: str = "page") -> list[Mail]:
        """What was taken of that kind, oldest first."""
        with self._mutex:
            return [mail for mail in self._kept if mail.kind == kind]

    def misbehaved(self, mood: Mood) -> int:
        """How often it has been in that mood."""
        with self._mutex:
            return self._seen[mood]

    def is_in(self, mood: Mood, address: str) -> bool:
        """Whether the mail to ``address`` meets that mood now; counted, and used up where it was for some times."""
        with self._mutex:
            known = address if address in self._moods else EVERYBODY
            chosen, left = self._moods.get(known, (None, None))
            if chosen is not mood:
                return False
            if left is not None:
                self._moods[known] = (mood, left - 1)
                if left <= 1:
                    del self._moods[known]
            self._seen[mood] += 1
            return True

    def keep(self, envelope: Envelope) -> None:
        """Put a mail into the box of each of its receivers."""
        message = email.message_from_bytes(envelope.content or b"")
        mails = [
            Mail(
                at=datetime.now(UTC),
                to=address,
                kind=str(message["X-ADO-Kind"] or "other"),
                covers=covered(message),
                message_id=str(message["Message-ID"]),
                subject=" ".join(str(message["Subject"]).split()),
            )
            for address in envelope.rcpt_tos
        ]
        with self._mutex:
            self._kept += mails

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse the address, be slow, or take it."""
        if self.is_in(Mood.REFUSES, address):
            return "550 No such mailbox"
        if self.is_in(Mood.SLOW, address):
            await asyncio.sleep(SLOW_BY)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's)
        """Put it off, forget it, keep it and go away, or keep it and say so."""
        address = envelope.rcpt_tos[0]
        if self.is_in(Mood.BUSY, address):
            return "451 Try again later"
        if self.is_in(Mood.FORGETS, address):
            return "250 OK"
        self.keep(envelope)
        if self.is_in(Mood.VANISHES, address) and server.transport is not None:
            server.transport.abort()
        return "250 OK"


def covered(headers: Headers) -> tuple[tuple[str, int], ...]:
    """The incidents and levels that a message pages for, by what the product says about it in its headers."""
    alone = f"{headers.get('X-ADO-Incident') or ''}:{headers.get('X-ADO-Level') or ''}"
    told = (part.partition(":") for part in str(headers.get("X-ADO-Incidents") or alone).split(","))
    return tuple((incident.strip(), int(level)) for incident, _, level in told if level.strip().isdecimal())


class _Protocol(SMTP):
    """SMTP that can end in the middle of a message."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  (aiosmtpd's)
        mail = self.event_handler
        if self.envelope and self.envelope.rcpt_tos and mail.is_in(Mood.CUTS, self.envelope.rcpt_tos[0]):
            await self.push("354 Go on")
            await self._reader.readline()
            if self.transport is not None:
                self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Server(Controller):
    def factory(self) -> SMTP:
        return _Protocol(self.handler, enable_SMTPUTF8=True, ident="ADO Incidents faults")
