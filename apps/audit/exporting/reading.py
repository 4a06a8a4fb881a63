"""The two tables of an export that people read: what happened to incidents, and what was changed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, TextIO

from apps.audit.exporting.contents import Row
from apps.incidents.models import TimelineEvent
from apps.rosters.tables.files import as_text
from apps.teams.models import User

TIMELINE = ("seal", "incident", "at", "what", "who", "by", "text", "data")
HISTORY = ("seal", "table", "number", "at", "who", "change", "reason", "values")
CHANGES = {"+": "made", "~": "changed", "-": "deleted"}

#: Of every row, and of no interest to who reads it.
_MARKS = frozenset({"written_in", "written_as"})


class Tables:
    """Writes both tables row by row; the enclosed tables.py, on its own, makes the same of the same rows."""

    def __init__(self, timeline: Path, history: Path) -> None:
        #: What each person is called who occurs in the tables.
        self.named: dict[int, str] = {}
        self._people = {pk: str(email) for pk, email in User.objects.values_list("pk", "email")}
        self._files: list[TextIO] = []
        self._timeline = self._open(timeline, TIMELINE)
        self._history = self._open(history, HISTORY)

    def add(self, row: Row) -> None:
        """Write the row into the table where it belongs. One that is withheld into none."""
        if row.text is None:
            return
        told = json.loads(row.text)
        if row.table == TimelineEvent._meta.db_table:
            self._write(self._timeline, [
                row.seal, f"INC-{told['incident_id']}", told["at"], told["kind"], self._who(told["actor_id"]),
                told["via"], told["text"], json.dumps(told["data"]),
            ])  # fmt: skip
            return
        values = {name: value for name, value in told.items() if name not in _MARKS and not name.startswith("history_")}
        self._write(self._history, [
            row.seal, row.table, told.get("id"),
            told.get("history_date", told.get("at", "")), self._who(told.get("history_user_id")),
            CHANGES.get(told.get("history_type", "+"), ""), told.get("history_change_reason") or "", json.dumps(values),
        ])  # fmt: skip

    def close(self) -> None:
        """Finish both files."""
        for file in self._files:
            file.close()

    def _write(self, writer: Any, cells: list[Any]) -> None:
        writer.writerow([as_text(cell) if isinstance(cell, str) else cell for cell in cells])

    def _open(self, path: Path, columns: tuple[str, ...]) -> Any:
        file = path.open("w", encoding="utf-8", newline="")
        self._files.append(file)
        writer = csv.writer(file)
        writer.writerow(columns)
        return writer

    def _who(self, person: int | None) -> str:
        if person is None:
            return ""
        return self.named.setdefault(person, self._people.get(person, f"person {person}"))
