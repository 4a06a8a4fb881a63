"""A transport that keeps what it is given, for as long as a test serves channels by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apps.contacts import serving
from apps.core.errors import ProviderError
from apps.notifications import transports
from apps.notifications.models import Channel
from apps.notifications.transports import HandOver, Message, Sent


class Recorder:
    """Takes every message, or fails with ``error``."""

    provider = "recorder"

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.error: ProviderError | None = None

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        yield self._take

    def _take(self, message: Message) -> Sent:
        if self.error is not None:
            raise self.error
        self.messages.append(message)
        return Sent(provider_id=str(message.key))

    def sent_to(self, address: str) -> list[Message]:
        return [message for message in self.messages if message.address == address]


@contextmanager
def served(*channels: Channel) -> Iterator[Recorder]:
    """The channels are served by one recorder; afterwards everything is as it was."""
    before = dict(transports._transports), dict(serving._served)
    recorder = Recorder()
    for channel in channels:
        transports.serve(channel, recorder, when=lambda: True)
    try:
        yield recorder
    finally:
        transports._transports.clear()
        serving._served.clear()
        transports._transports.update(before[0])
        serving._served.update(before[1])
