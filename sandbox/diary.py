"""What happened to messages after they were sent: delivered, answered, said, pressed, replied."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.lines import Lines


@dataclass(frozen=True)
class Happening:
    """One thing that happened to ``message`` (empty for an SMS that a phone began) or on ``phone``, a number.

    ``what`` is status, says, asks, keys, answered_by, trouble, pressed, replaced, answer (of the product),
    provider (its own words) or reply (written on the phone); ``text`` is it in words.
    """

    at: str
    message: str
    phone: str
    what: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def instant(self) -> datetime:
        """``at`` as an aware datetime."""
        return datetime.fromisoformat(self.at)


class Diary:
    """Everything that happened, oldest first. One process writes, any number read."""

    def __init__(self, folder: Path) -> None:
        self._lines = Lines(folder / "diary.jsonl")

    def note(self, what: str, text: str, *, message: str = "", phone: str = "", **data: Any) -> None:
        """Append a happening."""
        self._lines.append([{"message": message, "phone": phone, "what": what, "text": text, "data": data}])

    def happenings(self) -> list[Happening]:
        """Everything that happened, oldest first."""
        return [Happening(**line) for line in self._lines.read()]
