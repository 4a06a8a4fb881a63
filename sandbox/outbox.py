"""The folder that keeps what was sent: one line of JSON a receiver, and each mail as it came."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sandbox.reading import read


@dataclass(frozen=True)
class Row:
    """One message to one receiver. ``at`` (ISO 8601, UTC) is never the same for two rows.

    ``message`` is the stored mail, ``html`` whether it has an HTML part; both are for the page only.
    """

    at: str
    channel: str
    kind: str
    incident: str | None
    level: int | None
    to: str
    subject: str
    text: str
    links: list[str]
    html: bool
    message: str

    @property
    def instant(self) -> datetime:
        """``at`` as an aware datetime."""
        return datetime.fromisoformat(self.at)

    def as_contract(self) -> dict[str, object]:
        """The row as ``/sandbox/outbox.json`` shows it."""
        return {name: value for name, value in asdict(self).items() if name not in ("html", "message")}


class Outbox:
    """What was sent, oldest first. One process writes, any number read."""

    def __init__(self, folder: Path) -> None:
        self._rows = folder / "outbox.jsonl"
        self._messages = folder / "messages"
        self._last: datetime | None = None

    def keep_mail(self, raw: bytes, receivers: list[str]) -> None:
        """Store a mail and append a row for each of ``receivers``; readers see all of them or none."""
        letter, message = read(raw), uuid4().hex
        self._messages.mkdir(parents=True, exist_ok=True)
        (self._messages / f"{message}.eml").write_bytes(raw)
        rows = [
            Row(
                at=self._next_instant().isoformat(timespec="microseconds"),
                channel="email",
                kind=letter.kind,
                incident=letter.incident,
                level=letter.level,
                to=receiver,
                subject=letter.subject,
                text=letter.text,
                links=list(letter.links),
                html=bool(letter.html),
                message=message,
            )
            for receiver in receivers
        ]
        lines = "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
        descriptor = os.open(self._rows, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.write(lines.encode())

    def rows(self, *, since: datetime | None = None, to: str = "") -> list[Row]:
        """The rows after ``since`` (exclusive) for the receiver ``to`` (everybody when empty), oldest first."""
        try:
            text = self._rows.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        complete = text[: text.rfind("\n") + 1]  # a line that is being written has no end yet
        rows = (Row(**json.loads(line)) for line in complete.split("\n") if line)
        return [row for row in rows if (not since or row.instant > since) and (not to or row.to == to)]

    def html(self, message: str) -> str:
        """The HTML part of a stored mail, empty if it has none. Raises FileNotFoundError for an unknown one."""
        return read((self._messages / f"{message}.eml").read_bytes()).html

    def _next_instant(self) -> datetime:
        """Now, or a microsecond after the last row: ``since`` then never skips one."""
        if self._last is None:
            earlier = self.rows()
            self._last = earlier[-1].instant if earlier else datetime.min.replace(tzinfo=UTC)
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return self._last
