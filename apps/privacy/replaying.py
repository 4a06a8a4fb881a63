"""Who was erased, for a backup that still has them: a line each, of numbers and times alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from apps.core.errors import Invalid, RuleViolation
from apps.core.models import Erasure
from apps.teams.models import User
from apps.teams.queries import is_erased


@dataclass(frozen=True, slots=True)
class Erased:
    """The account, and when it was made: another one may have got its number since a backup."""

    person: int
    joined: datetime

    def as_line(self) -> str:
        """As it is kept in a file."""
        return json.dumps({"person": self.person, "joined": self.joined.isoformat()})

    @classmethod
    def read(cls, line: str) -> Erased:
        """What ``as_line`` wrote. Raises Invalid for anything else."""
        try:
            told = json.loads(line)
            return cls(int(told["person"]), datetime.fromisoformat(told["joined"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid(f"This is no line of erased people: {line.strip()[:80]}") from error


def remember(person: User) -> None:
    """Add them to ERASED_FILE, if there is one: the last that an erasure does. Raises RuleViolation where it cannot.

    Before it is certain: a line too many does no harm, without one they would come back with the next backup.
    """
    if settings.ERASED_FILE:
        try:
            _append(Path(settings.ERASED_FILE), Erased(person.pk, person.date_joined).as_line())
        except OSError as error:
            raise RuleViolation(f"ERASED_FILE cannot be written, so nobody is erased: {error.strerror}.") from error


def everybody() -> Iterator[Erased]:
    """Everybody who was erased, the first first."""
    numbers = [
        int(subject.removeprefix("person:"))
        for subject in Erasure.objects.filter(subject__startswith="person:").values_list("subject", flat=True)
    ]
    for pk, joined in User.objects.filter(pk__in=numbers).order_by("pk").values_list("pk", "date_joined"):
        yield Erased(pk, joined)


def to_erase_again(lines: Iterable[str]) -> Iterator[User]:
    """Those of ``lines`` whose data are there again. Raises Invalid for a line that is none."""
    for line in lines:
        if not line.strip():
            continue
        told = Erased.read(line)
        person = User.objects.filter(pk=told.person, date_joined=told.joined).first()
        if person is not None and not is_erased(person):
            yield person


def _append(path: Path, line: str) -> None:
    """Write the line so that it is there after a crash."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())
