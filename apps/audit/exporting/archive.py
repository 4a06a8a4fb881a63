"""Writes an export: a ZIP, streamed to the disk, whole or not at all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.template import Context, Engine

from apps.audit import chain
from apps.audit.exporting import contents
from apps.audit.exporting.contents import Row, Scope
from apps.audit.exporting.reading import Tables
from apps.audit.snapshots import View, views
from apps.core import clock
from apps.core.errors import Invalid
from apps.teams.models import Team

_ENCLOSED = files("apps.audit.exporting") / "enclosed"


@dataclass(slots=True)
class Exported:
    """What was written."""

    path: Path
    first: int
    last: int
    rows: int = 0
    withheld: int = 0


def export(
    path: Path, *, begin: datetime | None, end: datetime | None, team: Team | None = None, private: bool = False
) -> Exported:
    """Write what was recorded from ``begin`` to ``end`` to ``path``, by the seals of that time; None: without limit.

    For a team: its rows, each with a proof of its own. Rows of private incidents only if ``private``. It grows beside
    ``path`` under another name. Raises Invalid where nothing was sealed in that time or the lists of columns do
    not fit, OSError where it cannot be written.
    """
    with views(1) as (view,), tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        for finding in chain.layouts(view):
            raise Invalid(f"{finding} Nothing can be read by it: see manage.py audit verify.")
        first, last = contents.seals_between(view, begin, end)
        scope, exported = Scope(first, last, team, private), Exported(path, first, last)
        growing = Path(folder) / "export.zip"
        with ZipFile(growing, "w", ZIP_DEFLATED) as archive:
            _fill(archive, Path(folder), view, scope, exported)
        growing.replace(path)
    return exported


def _fill(archive: ZipFile, folder: Path, view: View, scope: Scope, exported: Exported) -> None:
    newest = 0
    tables = Tables(folder / "timeline.csv", folder / "history.csv")
    rows = _counted(contents.rows(view, scope), tables, exported)
    _lines(archive, "rows.jsonl", (row.as_json() for row in rows) if scope.whole else contents.with_proofs(view, rows))
    tables.close()
    for name in ("timeline.csv", "history.csv"):
        archive.write(folder / name, name)
    _lines(archive, "leaves.jsonl", contents.stretches(view, scope) if scope.whole else ())
    for seal in _lines_of(archive, "seals.jsonl", contents.seals(view, scope)):
        newest = seal["number"]
    about = {
        "first": scope.first, "last": scope.last, "newest": newest, "whole": scope.whole, "private": scope.private,
        "roles": settings.AUDIT_DATABASE_ROLES, "keys": contents.keys(view), "people": tables.named,
    }  # fmt: skip
    _lines(archive, "export.json", [about])
    for name in ("check.py", "tables.py"):
        archive.writestr(name, (_ENCLOSED / name).read_bytes())
    title = f"Of the team {scope.team}." if scope.team else "Of everybody."
    said = Context(about | {"title": title, "made": f"{clock.now():%Y-%m-%d %H:%M} UTC"}, autoescape=False)
    archive.writestr("README.txt", Engine().from_string((_ENCLOSED / "README.txt").read_text("utf-8")).render(said))


def _counted(rows: Iterator[Row], tables: Tables, exported: Exported) -> Iterator[Row]:
    for row in rows:
        exported.rows += 1
        exported.withheld += row.text is None
        tables.add(row)
        yield row


def _lines(archive: ZipFile, name: str, told: Iterable[dict[str, Any]]) -> None:
    for _ in _lines_of(archive, name, told):
        pass


def _lines_of(archive: ZipFile, name: str, told: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Write each as a line of JSON, and yield it."""
    with archive.open(name, "w", force_zip64=True) as file:
        for each in told:
            file.write(json.dumps(each, separators=(",", ":")).encode() + b"\n")
            yield each
