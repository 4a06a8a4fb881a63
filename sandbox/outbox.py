"""The folder that keeps what was sent: one line of JSON a receiver, and each mail as it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.lines import Lines
from sandbox.origin import Origin
from sandbox.reading import read

ONLY_FOR_THE_PAGE = ("html", "message", "details")


@dataclass(frozen=True)
class Row:
    """One message to one receiver. ``at`` (ISO 8601, UTC) is never the same for two rows.

    ``message`` names the message (receivers of one mail share it), ``html`` says whether a mail has an HTML part, and
    ``details`` is what only its channel knows; the three are for the page only.
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
    incidents: list[dict[str, Any]] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def instant(self) -> datetime:
        """``at`` as an aware datetime."""
        return datetime.fromisoformat(self.at)

    def as_contract(self) -> dict[str, object]:
        """The row as ``/sandbox/outbox.json`` shows it."""
        return {name: value for name, value in asdict(self).items() if name not in ONLY_FOR_THE_PAGE}


class Outbox:
    """What was sent, oldest first. One process writes, any number read."""

    def __init__(self, folder: Path) -> None:
        self._lines = Lines(folder / "outbox.jsonl")
        self._messages = folder / "messages"

    def keep_mail(self, raw: bytes, receivers: list[str]) -> None:
        """Store a mail and append a row for each of ``receivers``; readers see all of them or none."""
        letter, message = read(raw), uuid4().hex
        self._messages.mkdir(parents=True, exist_ok=True)
        (self._messages / f"{message}.eml").write_bytes(raw)
        self._append(
            "email",
            receivers,
            letter.origin,
            subject=letter.subject,
            text=letter.text,
            links=letter.links,
            html=bool(letter.html),
            message=message,
        )

    def keep(
        self,
        channel: str,
        to: str,
        origin: Origin,
        *,
        text: str,
        subject: str = "",
        links: Sequence[str] = (),
        details: dict[str, Any],
    ) -> Row:
        """Append a message of any channel but email to the one receiver ``to``, and return its row."""
        (row,) = self._append(
            channel, [to], origin, subject=subject, text=text, links=links, message=uuid4().hex, details=details
        )
        return row

    def rows(self, *, since: datetime | None = None, to: str = "") -> list[Row]:
        """The rows after ``since`` (exclusive) for the receiver ``to`` (everybody when empty), oldest first."""
        rows = (Row(**line) for line in self._lines.read())
        return [row for row in rows if (not since or row.instant > since) and (not to or row.to == to)]

    def html(self, message: str) -> str:
        """The HTML part of a stored mail, empty if it has none. Raises FileNotFoundError for an unknown one."""
        return read((self._messages / f"{message}.eml").read_bytes()).html

    def _append(
        self,
        channel: str,
        receivers: Sequence[str],
        origin: Origin,
        *,
        subject: str,
        text: str,
        links: Sequence[str],
        message: str,
        html: bool = False,
        details: dict[str, Any] | None = None,
    ) -> list[Row]:
        same = {
            "channel": channel,
            "kind": origin.kind,
            "incident": origin.incident,
            "level": origin.level,
            "subject": subject,
            "text": text,
            "links": list(links),
            "html": html,
            "message": message,
            "incidents": [{"incident": incident, "level": level} for incident, level in origin.incidents],
            "details": details or {},
        }
        return [Row(**line) for line in self._lines.append({**same, "to": receiver} for receiver in receivers)]
