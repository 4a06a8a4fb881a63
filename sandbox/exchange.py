"""What the parts of the sandbox share: what they keep, the secrets they know, and the way back to the product."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, web

from sandbox.diary import Diary
from sandbox.faults import Faults
from sandbox.outbox import Outbox
from sandbox.phones import Phones

PATIENCE = ClientTimeout(total=15)


@dataclass(frozen=True)
class Secrets:
    """The secrets that both sides know, from the same environment. An empty one fits nothing."""

    site_url: str
    twilio_account: str
    twilio_token: str
    twilio_numbers: frozenset[str]
    slack_token: str
    slack_signing: str
    vapid_private_key: str

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Secrets:
        """Take them from the environment ``given``."""
        numbers = {given.get("TWILIO_SMS_FROM", ""), given.get("TWILIO_VOICE_FROM", "")} - {""}
        return cls(
            site_url=given.get("SITE_URL", "http://127.0.0.1:8000").rstrip("/"),
            twilio_account=given.get("TWILIO_ACCOUNT_SID", ""),
            twilio_token=given.get("TWILIO_AUTH_TOKEN", ""),
            twilio_numbers=frozenset(numbers),
            slack_token=given.get("SLACK_BOT_TOKEN", ""),
            slack_signing=given.get("SLACK_SIGNING_SECRET", ""),
            vapid_private_key=given.get("VAPID_PRIVATE_KEY", ""),
        )


@dataclass
class Exchange:
    """One running sandbox."""

    outbox: Outbox
    diary: Diary
    phones: Phones
    secrets: Secrets
    url: str
    faults: Faults = field(default_factory=Faults)
    _session: ClientSession | None = None
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def open(cls, folder: Path, given: Mapping[str, str], port: int) -> Exchange:
        """A sandbox that keeps everything in ``folder`` and is reached on ``port`` of the loopback interface."""
        folder.mkdir(parents=True, exist_ok=True)
        url = f"http://127.0.0.1:{port}"
        return cls(Outbox(folder), Diary(folder), Phones.load(folder), Secrets.read(given), url)

    @property
    def session(self) -> ClientSession:
        """The client for everything that goes to the product; made at its first use, within the event loop."""
        if self._session is None:
            self._session = ClientSession(timeout=PATIENCE)
        return self._session

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Let ``work`` go on by itself until it ends or the sandbox does."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def close(self) -> None:
        """End what still goes on."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


EXCHANGE = web.AppKey("exchange", Exchange)
