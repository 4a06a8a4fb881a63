"""The messages that were posted, as they stand now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.diary import Diary
from sandbox.outbox import Outbox

BOT = "U0ADOBOT"


@dataclass
class Post:
    """A message in a channel; ``message`` names its row of the outbox."""

    message: str
    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any] = field(default_factory=dict)

    def replace(self, diary: Diary, text: str, blocks: list[dict[str, Any]]) -> None:
        """Show ``text`` and ``blocks`` from now on."""
        self.text, self.blocks = text, blocks
        diary.note("replaced", text, message=self.message, blocks=blocks)

    def as_json(self) -> dict[str, Any]:
        """The message, as Slack answers with it."""
        return {
            "type": "message",
            "user": BOT,
            "bot_id": "B0ADOBOT",
            "ts": self.ts,
            "text": self.text,
            "blocks": self.blocks,
        }


MESSAGES = web.AppKey("slack_messages", dict[str, Post])


def known_posts(outbox: Outbox) -> dict[str, Post]:
    """The messages of earlier runs by their ``ts``, so that they can still be replaced and their buttons pressed."""
    details = ((row.message, row.details) for row in outbox.rows() if row.channel == "chat" and "ts" in row.details)
    return {
        each["ts"]: Post(message, each["channel"], each["ts"], each["text"], each["blocks"], each.get("metadata", {}))
        for message, each in details
    }
