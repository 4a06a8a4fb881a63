"""Who was erased stays erased: a backup of before still has them, so they are erased once more after a restore."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from apps.core.errors import HouseError
from apps.privacy import actions, replaying
from apps.teams import actions as teams


@dataclass(slots=True)
class Replayed:
    """Whom the house erased again, by pseudonym, and whom it could not, each with the reason."""

    erased: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def whom_to_erase_again() -> list[str]:
    """The lines of everybody who was erased so far, by the present data and by ERASED_FILE."""
    lines = [each.as_line() for each in replaying.everybody()]
    file = Path(settings.ERASED_FILE) if settings.ERASED_FILE else None
    if file is not None and file.exists():
        lines += file.read_text("utf-8").splitlines()
    return lines


def erase_again(lines: Iterable[str]) -> Replayed:
    """Erase those of ``lines`` who are there again. Raises Invalid for a line that is none."""
    told = Replayed()
    for person in list(replaying.to_erase_again(lines)):
        try:
            teams.deactivate(person)
            erasure = actions.erase(person.pk, by=None, reason="Erased before the backup was restored.")
        except HouseError as error:
            told.refused.append(f"Person {person.pk}: {error}")
        else:
            told.erased.append(str(erasure))
    return told
