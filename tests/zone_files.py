"""A time zone database of a test's own, before that of the machine: zones with other rules, new ones, and none."""

from __future__ import annotations

import struct
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What follows one after another in a block of a TZif file (RFC 8536): here no change is listed, and one kind of time.
_COUNTS = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
_UTC = struct.pack(">lBB", 0, 0, 0) + b"UTC\0"

CENTRAL_EUROPE = "CET-1CEST,M3.5.0,M10.5.0/3"
#: As the European Parliament wanted it in 2019.
ALWAYS_WINTER = "CET-1"
#: A week of summer time more.
LONGER_SUMMER = "CET-1CEST,M3.5.0,M11.1.0/3"


class Database:
    """Zones by their names, with their rules as POSIX writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, name: str, rules: str) -> None:
        """Let the zone ``name`` have these rules from now on."""
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        header = b"TZif2" + bytes(15) + _COUNTS
        written = self._folder / "written"
        written.write_bytes(header + _UTC + header + _UTC + b"\n" + rules.encode() + b"\n")
        written.rename(file)  # as packages are replaced

    def withdraw(self, name: str) -> None:
        """Let the zone ``name`` be unknown, unless the machine knows it."""
        (self._folder / name).unlink()


@contextmanager
def database(folder: Path) -> Iterator[Database]:
    """A database in ``folder`` that is asked first."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[str(folder), *before])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        yield Database(folder)
    finally:
        zoneinfo.reset_tzpath(to=before)
        zoneinfo.ZoneInfo.clear_cache()
