"""The SMTP side: takes every mail for everybody, or fails as was asked for."""

from __future__ import annotations

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.exchange import Exchange
from sandbox.faults import Fault, Kind

ACCEPTED = "250 OK"
REFUSALS = {Kind.SERVER_ERROR: "550 Refused", Kind.TOO_MANY: "451 Try again later", Kind.NONSENSE: "299 It works!"}


class Mailbox:
    """Takes every mail for everybody."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take every receiver, but for who is to be refused."""
        fault = self._exchange.faults.of("smtp", address)
        if fault is not None and fault.kind in (Kind.SERVER_ERROR, Kind.TOO_MANY):
            return REFUSALS[fault.kind]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return ACCEPTED

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's)
        """Answer 250 once the mail is readable in the outbox."""
        fault = self._exchange.faults.of("smtp", *envelope.rcpt_tos)
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        if fault is None or fault.kept or fault.kind is Kind.SLOW:
            if fault is not None and fault.kind is Kind.SLOW:
                await asyncio.sleep(fault.seconds)
            self._exchange.outbox.keep_mail(raw, envelope.rcpt_tos)
        return await _answer(server, fault) if fault is not None else "250 Kept"


async def _answer(server: SMTP, fault: Fault) -> str:
    if fault.kind is Kind.SLOW:
        return "250 Kept"
    if fault.kind is Kind.HANG:
        await asyncio.sleep(fault.seconds)
    if fault.kind in (Kind.HANG, Kind.CLOSE) and isinstance(server.transport, asyncio.Transport):
        server.transport.abort()
    return REFUSALS.get(fault.kind, ACCEPTED)
