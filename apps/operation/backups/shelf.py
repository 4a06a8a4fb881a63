"""Where the backups lie: a folder of files, each named for the minute in which it was made (UTC)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core import clock
from apps.core.errors import Invalid, RuleViolation
from apps.operation.backups import archive
from apps.operation.backups.archive import Manifest

SUFFIX = ".zip"

_ID = re.compile(r"backup-\d{8}-\d{4}(-\d+)?")
_LAST = re.compile(r"last-(\d{1,5})([hdw])")
_SPANS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup on the shelf. ``manifest`` is None where it cannot be read, and ``problem`` says why."""

    id: str
    path: Path
    size: int
    made_at: datetime
    manifest: Manifest | None
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """What a program is told of it."""
        manifest = self.manifest
        return {
            "id": self.id,
            "made_at": self.made_at.isoformat(),
            "bytes": self.size,
            "version": manifest.version if manifest else None,
            "rows": manifest.rows if manifest else None,
            "keys": manifest.keys if manifest else [],
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Range:
    """From an instant, inclusive, to another, exclusive; None is open."""

    begin: datetime | None = None
    end: datetime | None = None

    def holds(self, instant: datetime) -> bool:
        """Whether ``instant`` lies in it."""
        return (self.begin is None or self.begin <= instant) and (self.end is None or instant < self.end)


def folder() -> Path:
    """The folder, made if it is missing: readable by its owner alone. Raises RuleViolation where it cannot be."""
    path = Path(settings.BACKUP_DIR)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RuleViolation(f"BACKUP_DIR {path} cannot be used: {error.strerror}.") from error
    return path


def new_id(now: datetime) -> str:
    """The id of a backup made ``now``: its minute, and a number where there is one already."""
    wanted = f"backup-{now.astimezone(UTC):%Y%m%d-%H%M}"
    taken, number = {path.stem for path in folder().glob(f"{wanted}*{SUFFIX}")}, 1
    while (name := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return name


def path_of(backup_id: str) -> Path:
    """Where a new backup of that id belongs."""
    return folder() / f"{backup_id}{SUFFIX}"


def find(backup_id: str) -> Path:
    """The file of a backup. Raises Invalid for what is no id, RuleViolation where it is not on the shelf."""
    if not _ID.fullmatch(backup_id):
        raise Invalid(f'"{backup_id}" is no id of a backup; they look like backup-20240129-1200.')
    path = path_of(backup_id)
    if not path.is_file():
        raise RuleViolation(f"{backup_id} is not in {path.parent}; `manage.py backup list` names what is.")
    return path


def kept(within: Range | None = None) -> list[Kept]:
    """The backups of a range of time, the newest first, the damaged ones too. Reads their manifests alone."""
    found = [each for each in _all() if within is None or within.holds(each.made_at)]
    return sorted(found, key=lambda each: (each.made_at, each.id), reverse=True)


def range_of(text: str) -> Range:
    """What ``last-24h`` or ``FROM..TO`` means: days or instants, either end may be left away, a day is all of it.

    Without an offset they are UTC. Raises Invalid.
    """
    last = _LAST.fullmatch(text)
    if last:
        return Range(begin=clock.now() - timedelta(**{_SPANS[last[2]]: int(last[1])}))
    begin, dots, end = text.partition("..")
    if not dots:
        raise Invalid(f'"{text}" is no range: write last-24h, or FROM..TO as 2026-03-01..2026-03-07.')
    return Range(_instant(begin), _instant(end, days=1))


def sweep() -> list[str]:
    """Take away backups that are older than BACKUP_KEEP_DAYS, never the newest that can be read; return their ids."""
    span: timedelta = settings.BACKUP_KEEP
    readable = [each for each in kept() if each.manifest is not None]
    old = [each for each in readable[1:] if span and each.made_at < clock.now() - span]
    for each in old:
        each.path.unlink(missing_ok=True)
    return [each.id for each in old]


def _all() -> Iterator[Kept]:
    for path in folder().glob(f"backup-*{SUFFIX}"):
        if not _ID.fullmatch(path.stem):
            continue
        size = 0
        try:
            size = path.stat().st_size
            manifest, problem = archive.look_into(path), ""
        except archive.Damaged as error:
            manifest, problem = None, " ".join(error.findings)
        except FileNotFoundError:  # swept meanwhile
            continue
        except OSError as error:
            manifest, problem = None, f"it cannot be read: {error.strerror or error}"
        yield Kept(path.stem, path, size, manifest.made_at if manifest else _minute_of(path), manifest, problem)


def _minute_of(path: Path) -> datetime:
    return datetime.strptime(path.stem[7:20], "%Y%m%d-%H%M").replace(tzinfo=UTC)


def _instant(text: str, *, days: int = 0) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f'"{text}" is neither a day nor an instant: {error}.') from error
    if len(text) == len("2026-03-01"):
        instant += timedelta(days=days)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
