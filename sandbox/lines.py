"""A file of JSON objects, one a line. One process writes, any number read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


class Lines:
    """The objects of ``path``, oldest first; each has an instant ``at`` (ISO 8601, UTC) that no other has."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: datetime | None = None

    def append(self, objects: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Write ``objects`` with their ``at`` and return them as written; readers see all of them or none."""
        written = [{"at": self._next_instant().isoformat(timespec="microseconds"), **each} for each in objects]
        text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in written)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.write(text.encode("utf-8", "replace"))
        return written

    def read(self) -> list[dict[str, Any]]:
        """Every complete line: one that is being written has no end yet."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].split("\n") if line]

    def _next_instant(self) -> datetime:
        """Now, or a microsecond after the last line: a reader that asks for what came since never skips one."""
        if self._last is None:
            earlier = self.read()
            self._last = datetime.fromisoformat(earlier[-1]["at"]) if earlier else datetime.min.replace(tzinfo=UTC)
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return self._last
