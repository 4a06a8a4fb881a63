"""``python -m sandbox``: an SMTP server on loopback that keeps every mail in SANDBOX_DIR and delivers none."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.outbox import Outbox

LARGEST_MAIL = 25 * 1024 * 1024


class Mailbox:
    """Takes every mail for everybody."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's)
        """Answer 250 once the mail is readable in the outbox."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        self._outbox.keep_mail(raw, envelope.rcpt_tos)
        return "250 Kept"


async def serve(folder: Path, port: int) -> None:
    """Listen on ``port`` of the loopback interface until SIGTERM or Ctrl-C."""
    mailbox = Mailbox(Outbox(folder))
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(
        lambda: SMTP(mailbox, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, ident="ADO Incidents sandbox"),
        "127.0.0.1",
        port,
    )
    await ended.wait()
    server.close()


def main() -> None:
    """Serve with SANDBOX_DIR and SANDBOX_SMTP_PORT, which ``make run`` sets."""
    try:
        folder, port = Path(os.environ["SANDBOX_DIR"]), int(os.environ["SANDBOX_SMTP_PORT"])
    except KeyError as missing:
        sys.exit(f"{missing.args[0]} is not set. The sandbox is started by `make run`.")
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(folder, port))


if __name__ == "__main__":
    main()
