"""A transport that keeps what it was given, and fails as it is told: the protocol's other side, for any channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apps.notifications.models import Channel
from apps.notifications.transports import HandOver, Message, Sent


class Recorder:
    """Takes every message of its channel, or raises ``fails`` when one is handed over; ``meanwhile`` happens then."""

    def __init__(self, channel: Channel) -> None:
        self.provider = f"recorder of {channel}"
        self.sent: list[Message] = []
        self.fails: Exception | None = None
        self.meanwhile: Callable[[Message], None] = lambda _: None

    @contextmanager
    def connected(self) -> Iterator[HandOver]:
        yield self._take

    def _take(self, message: Message) -> Sent:
        self.meanwhile(message)
        if self.fails is not None:
            raise self.fails
        self.sent.append(message)
        return Sent(provider_id=f"id-{message.key}")

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.sent]

    def to(self, address: str) -> list[Message]:
        return [message for message in self.sent if message.address == address]
