"""``python -m sandbox``: SMTP and HTTP on loopback, kept in SANDBOX_DIR and delivered to nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from aiohttp import web
from aiosmtpd.smtp import SMTP

from sandbox.exchange import Exchange
from sandbox.http import application
from sandbox.mailbox import Mailbox
from sandbox.twilio.cleaning import end_calls_of_earlier_runs

LOOPBACK = "127.0.0.1"
LARGEST_MAIL = 25 * 1024 * 1024


async def serve(exchange: Exchange, *, smtp_port: int, http_port: int) -> None:
    """Listen on both ports of the loopback interface until SIGTERM or Ctrl-C."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    mailbox = Mailbox(exchange)
    runner = web.AppRunner(application(exchange), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, http_port).start()
    smtp = await loop.create_server(
        lambda: SMTP(mailbox, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, ident="ADO Incidents sandbox"),
        LOOPBACK,
        smtp_port,
    )
    await ended.wait()
    smtp.close()
    await exchange.close()
    await runner.cleanup()


def main() -> None:
    """Serve with SANDBOX_DIR, SANDBOX_SMTP_PORT and SANDBOX_HTTP_PORT, which ``make run`` sets."""
    try:
        folder, smtp_port = Path(os.environ["SANDBOX_DIR"]), int(os.environ["SANDBOX_SMTP_PORT"])
        http_port = int(os.environ["SANDBOX_HTTP_PORT"])
    except KeyError as missing:
        sys.exit(f"{missing.args[0]} is not set. The sandbox is started by `make run`.")
    exchange = Exchange.open(folder, os.environ, http_port)
    end_calls_of_earlier_runs(exchange)
    asyncio.run(serve(exchange, smtp_port=smtp_port, http_port=http_port))


if __name__ == "__main__":
    main()
