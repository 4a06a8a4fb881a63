"""The channels that were made, as they stand now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from sandbox.exchange import Exchange
from sandbox.origin import Origin
from sandbox.outbox import Outbox
from sandbox.slack.messages import BOT


@dataclass
class Room:
    """A channel that the bot made for ``incident``, ``created`` in seconds since 1970. Its texts are escaped."""

    id: str
    name: str
    created: int
    is_private: bool
    incident: str | None
    topic: str = ""
    purpose: str = ""
    is_archived: bool = False
    members: list[str] = field(default_factory=lambda: [BOT])
    pinned: list[str] = field(default_factory=list)

    @property
    def closed(self) -> str:
        """Slack's word for why the bot can do nothing there; empty where it can."""
        if self.is_archived:
            return "is_archived"
        return "" if BOT in self.members else "not_in_channel"

    def tell(self, exchange: Exchange, text: str, *, to: str = "") -> None:
        """Show in the outbox what somebody sees of it, and keep it as it is now."""
        exchange.outbox.keep(
            "chat",
            to or f"#{self.name}",
            Origin(incident=self.incident),
            text=text,
            details={"text": text, "room": asdict(self)},
        )

    def as_json(self) -> dict[str, Any]:
        """The channel, as Slack answers with it."""
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "created": self.created,
            "creator": BOT,
            "topic": {"value": self.topic, "creator": BOT if self.topic else "", "last_set": 0},
            "purpose": {"value": self.purpose, "creator": BOT if self.purpose else "", "last_set": 0},
        }


Rooms = dict[str, Room]
ROOMS = web.AppKey("slack_rooms", Rooms)


def known_rooms(outbox: Outbox) -> Rooms:
    """The channels of earlier runs, each as it was shown last."""
    shown: list[Mapping[str, Any]] = [row.details["room"] for row in outbox.rows() if "room" in row.details]
    return {each["id"]: Room(**each) for each in shown}
