"""The organisation's own procedures file, in force."""

from __future__ import annotations

from pathlib import Path

from apps.core import clock
from apps.procedures import reading
from apps.procedures.apply import apply
from apps.procedures.document import Document
from tests.worlds import remembered

FILE = Path(__file__).parents[2] / "procedures" / "ado.yml"


def put_in_force() -> Document:
    """The procedures file as it stands, applied."""
    return remembered(("the file in force", clock.standing()), _apply)


def _apply() -> Document:
    found = reading.load(FILE)
    apply(found)
    return found
