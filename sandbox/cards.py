"""A message and what became of it, as its receiver's screen shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from sandbox.diary import Happening
from sandbox.outbox import Row
from sandbox.slack import blocks
from sandbox.twilio.calls import OVER

STATES = {
    "": "on its way",
    "initiated": "dialling…",
    "ringing": "ringing…",
    "in-progress": "in the call",
    "completed": "call ended",
    "no-answer": "not answered",
    "canceled": "cancelled",
    "failed": "failed",
    "undelivered": "not delivered",
}
MACHINES = ("machine_start", "machine_end_beep")


@dataclass(frozen=True)
class Part:
    """A block of a chat message: its kind, its texts as safe HTML, its buttons."""

    kind: str
    texts: list[SafeString]
    buttons: list[dict[str, Any]]


@dataclass(frozen=True)
class Card:
    """One message to one receiver, and everything that happened to it, oldest first."""

    row: Row
    happened: Sequence[Happening] = ()

    @property
    def instant(self) -> datetime:
        """When it was sent."""
        return self.row.instant

    @property
    def status(self) -> str:
        """The last status of an SMS or a call, empty before the first."""
        return self._last("status")

    @property
    def state(self) -> str:
        """The state in words; empty for channels that have none."""
        if self.row.channel in ("sms", "voice"):
            return STATES.get(self.status, self.status)
        return self.answered if self.row.channel == "push" else ""

    @property
    def failed(self) -> bool:
        """Whether it did not reach anybody, or something went wrong about it."""
        return bool(self.troubles) or self.status in ("undelivered", "failed", "no-answer", "busy")

    @property
    def ringing(self) -> bool:
        """Whether a call waits for an answer."""
        return self.row.channel == "voice" and self.status in ("", "initiated", "ringing")

    @property
    def talking(self) -> bool:
        """Whether a call goes on."""
        return self.status == "in-progress"

    @property
    def over(self) -> bool:
        """Whether a call has ended."""
        return self.status in OVER

    @property
    def machine(self) -> bool:
        """Whether a voicemail answered the call."""
        return self._last("answered_by") in MACHINES

    @property
    def asks(self) -> bool:
        """Whether the call waits for keys now."""
        turns = [each.what for each in self.happened if each.what in ("asks", "asked")]
        return self.talking and turns[-1:] == ["asks"]

    @property
    def lines(self) -> list[Happening]:
        """What was said and pressed in a call."""
        return [each for each in self.happened if each.what in ("says", "keys")]

    @property
    def text(self) -> str:
        """What the message says; of a call, what was said so far."""
        said = "\n".join(each.text for each in self.happened if each.what == "says")
        return said if self.row.channel == "voice" else self.row.text

    @property
    def headline(self) -> str:
        """A line for the list."""
        return self.row.subject or self.text.partition("\n")[0] or f"Call from {self.row.details.get('from', '')}"

    @property
    def troubles(self) -> list[str]:
        """What went wrong, in words."""
        return [each.text for each in self.happened if each.what == "trouble"]

    @property
    def answers(self) -> list[str]:
        """What the product said to a pressed button."""
        return [each.text for each in self.happened if each.what == "answer"]

    @property
    def answered(self) -> str:
        """What the product took last of a push's buttons, in words; empty where it took none."""
        took = [each.text for each in self.happened if each.what == "pressed" and each.data.get("status", 0) < 300]
        return {"Acknowledge": "acknowledged", "Pass on": "passed on"}.get(took[-1], "") if took else ""

    @property
    def replaced(self) -> bool:
        """Whether a chat message was changed after it was posted."""
        return any(each.what == "replaced" for each in self.happened)

    @property
    def parts(self) -> list[Part]:
        """The blocks of a chat message as it stands now; its text where it has none."""
        shown, text = self.row.details.get("blocks", []), self.row.details.get("text", self.row.text)
        for each in self.happened:
            if each.what == "replaced":
                shown, text = each.data["blocks"], each.text
        return [_part(block) for block in shown] if shown else [Part("section", [_html(text)], [])]

    @property
    def payload(self) -> dict[str, Any]:
        """What a notification shows."""
        return dict(self.row.details.get("payload", {}))

    def _last(self, what: str) -> str:
        return next((each.text for each in reversed(self.happened) if each.what == what), "")


def cards(rows: Iterable[Row], happenings: Iterable[Happening]) -> list[Card]:
    """A card for each of ``rows``, in their order."""
    by_message = defaultdict[str, list[Happening]](list)
    for each in happenings:
        by_message[each.message].append(each)
    return [Card(row, by_message.get(row.message, ())) for row in rows]


def _part(block: dict[str, Any]) -> Part:
    return Part(block["type"], [_html(text) for text in blocks.texts([block])], list(blocks.buttons([block])))


def _html(mrkdwn: str) -> SafeString:
    return mark_safe(blocks.as_html(mrkdwn))  # noqa: S308  (escaped there)
