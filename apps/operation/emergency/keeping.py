"""Keeps the sheet and who may read it as files in EMERGENCY_DIR, each written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.conf import settings

from apps.operation.emergency import passes, sheet
from apps.operation.emergency.passes import Readers

_SHEET, _READERS = "sheet.html", "readers.json"
_PRIVATE_FOLDER, _PRIVATE = 0o700, 0o600


def write() -> None:
    """Render the sheet as of now, and who may read it. Raises OSError where EMERGENCY_DIR cannot be written."""
    page, readers = sheet.render(sheet.read()), json.dumps(passes.readers())
    _folder().mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
    _put(_READERS, readers)  # first: a sheet is never read by more people than it should be
    _put(_SHEET, page)


def read() -> tuple[str, Readers] | None:
    """The sheet as it was written last, and its readers; None before it was. Asks no database."""
    try:
        page = (_folder() / _SHEET).read_text("utf-8")
        readers: dict[str, str] = json.loads((_folder() / _READERS).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return page, readers


def _folder() -> Path:
    return Path(settings.EMERGENCY_DIR)


def _put(name: str, text: str) -> None:
    draft = _folder() / f".{name}.{os.getpid()}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(_folder() / name)
