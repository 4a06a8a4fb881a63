"""A mail server on loopback that can be told to refuse, to break off and to be away."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from types import TracebackType

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from launcher.ports import free_port


class MailServer:
    """Takes mail while used as a context; ``received`` holds the messages, oldest first."""

    def __init__(self) -> None:
        self.port = free_port()
        self.received: list[Message] = []
        self.refused: dict[str, str] = {}
        """Replies to the addresses that it does not take, for example ``550 no such mailbox``."""
        self.busy = False
        """Whether it answers each message with 451, try again later."""
        self.breaks_off_at = ""
        """The command at which it goes away without a word: ``RCPT``, or ``DATA`` with the message in its hands."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> MailServer:
        self._controller.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._controller.stop()

    def addresses(self) -> list[str]:
        """Whom it took mail for, in order."""
        return [message["To"] for message in self.received]

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.breaks_off_at == "RCPT":
            server.transport.abort()
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's)
        if self.busy:
            return "451 try again later"
        self.received.append(message_from_bytes(envelope.content))
        if self.breaks_off_at == "DATA":
            server.transport.abort()
        return "250 OK"
