"""Zones of the IANA time zone database by their names, and what its rules say of a time.

The database is the system's where it has one (``zoneinfo.TZPATH``), else the one that is installed with the house
(``tzdata``). It is published anew several times a year, since governments change their clocks, and the system's may be
replaced while the house runs: a name is read anew once its file is another.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias, cast
from zoneinfo import ZoneInfo

from apps.core.errors import Invalid
from apps.core.walltime import change_between

#: From when on, in seconds since 1970, and how far clocks are then from UTC, in seconds eastwards.
Offset: TypeAlias = tuple[int, int]
#: By what it is known that a file or folder is still the same.
Stamp: TypeAlias = tuple[int, int, int]

_A_DAY = timedelta(days=1)
#: More zones than anybody uses at once.
_KEPT = 1_000


class UnknownZone(Invalid):
    """The time zone database knows no zone of that name, or does not know it any more."""


def zone_named(name: str, *, field: str = "time_zone") -> ZoneInfo:
    """The zone of that name as the database has it now. Raises UnknownZone, naming ``field``."""
    try:
        return _read(name, _stamp(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(f"{name[:64]} is not an IANA time zone such as Europe/Berlin.", field=field) from error


def known_zones() -> frozenset[str]:
    """The names of all zones that there are to choose from, as the database had them when it was published last."""
    return _names(tuple(_stamp_in(folder, "") for folder in zoneinfo.TZPATH))


def can_be_chosen(name: str) -> bool:
    """Whether the database knows a zone of that name now, and offers it to people."""
    return name in known_zones() and is_known(name)


def zone_or_utc(name: str) -> ZoneInfo:
    """The zone of that name for what is shown or reckoned by it; UTC where the database does not know it any more."""
    try:
        return zone_named(name)
    except UnknownZone:
        return zone_named("UTC")


def is_known(name: str) -> bool:
    """Whether the database knows a zone of that name now."""
    try:
        zone_named(name)
    except UnknownZone:
        return False
    return True


def offsets(zone: ZoneInfo, start: datetime, end: datetime) -> list[Offset]:
    """How far the clocks of ``zone`` are from UTC at ``start``, and from each change up to ``end`` on, in order.

    A clock that is changed and changed back within a day is not looked for.
    """
    found = [_offset(zone, start)]
    at = start
    while at < end:
        following = min(at + _A_DAY, end)
        if _seconds_east(zone, following) != _seconds_east(zone, at):
            found.append(_offset(zone, change_between(at, following, zone)))
        at = following
    return found


def first_difference(
    before: Sequence[Offset], after: Sequence[Offset], *, start: datetime, end: datetime
) -> tuple[datetime, timedelta] | None:
    """From when on within [start, end) ``after`` says another time than ``before``, and how much later its clocks are.

    Both say something of all of that time. None where they do not differ.
    """
    begins, ends = start.timestamp(), end.timestamp()
    changes = sorted({int(begins), *(at for at, _ in (*before, *after) if begins < at < ends)})
    for at in changes if begins < ends else ():
        later = _lasting(after, at) - _lasting(before, at)
        if later:
            return datetime.fromtimestamp(at, UTC), timedelta(seconds=later)
    return None


def _lasting(found: Sequence[Offset], at: int) -> int:
    return next((seconds for since, seconds in reversed(found) if since <= at), found[0][1])


def _offset(zone: ZoneInfo, at: datetime) -> Offset:
    return int(at.timestamp()), _seconds_east(zone, at)


def _seconds_east(zone: ZoneInfo, at: datetime) -> int:
    return int(cast("timedelta", at.astimezone(zone).utcoffset()).total_seconds())


def _stamp(name: str) -> Stamp | None:
    """By what it is known that the file of a zone is still the same; None where the system has none."""
    return next((stamp for folder in zoneinfo.TZPATH if (stamp := _stamp_in(folder, name)) is not None), None)


def _stamp_in(folder: str, name: str) -> Stamp | None:
    try:
        found = Path(folder, name).stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=_KEPT)
def _read(name: str, stamp: Stamp | None) -> ZoneInfo:
    """The zone as it is read now; ``stamp`` tells whether it was read from the same file before."""
    return ZoneInfo.no_cache(name)


@lru_cache(maxsize=1)
def _names(stamps: tuple[Stamp | None, ...]) -> frozenset[str]:
    """The names; ``stamps`` tell whether they were read of the same folders before, for that takes 20 ms."""
    return frozenset(zoneinfo.available_timezones())
