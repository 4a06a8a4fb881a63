"""A mail server in a process of its own that notes when each page came: ``python -m benchmarks.mailbox PORT FILE``.

It answers as a provider does, and appends a line to FILE for each mail, when it has the whole of it: the instant by
the machine's monotonic clock, the kind and the subject.
"""

from __future__ import annotations

import sys
import threading
import time
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from launcher.ports import LOOPBACK


class Mailbox:
    """Takes everything, and notes it in ``file``."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("a", encoding="utf-8", buffering=1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's)
        at = time.monotonic()
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else (content or "").encode())
        subject = " ".join(str(make_header(decode_header(mail["Subject"]))).split())
        self._file.write(f"{at}\t{mail['X-ADO-Kind']}\t{subject}\n")
        return "250 OK"


if __name__ == "__main__":
    controller = Controller(Mailbox(Path(sys.argv[2])), hostname=LOOPBACK, port=int(sys.argv[1]))
    controller.start()
    threading.Event().wait()
