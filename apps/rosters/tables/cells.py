"""What single cells of a table mean. Each reader raises Invalid, saying what it expected. No database."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from apps.core import walltime
from apps.core.century import FIRST_DAY, LAST_DAY
from apps.core.errors import Invalid
from apps.rosters.models import Rotation, Weekday
from apps.rosters.rules import LONGEST_RANGES, WeeklyRange, read_ranges

_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.(\d{1,6}))?)?")
_MOMENT = re.compile(
    r"(\S+?)(?:T|\s+)(\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:\.\d{1,6})?)?)\s*(Z|[+\-−]\d{2}:?\d{2})?", re.IGNORECASE
)


def number(text: str) -> int:
    """A number that is not negative."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(f"“{text[:40]}” is not a whole number.")
    return int(text)


def day(text: str) -> date:
    """A day such as 2026-03-02, or as spreadsheets save it where days are written 02.03.2026."""
    if iso := _ISO_DAY.fullmatch(text):
        parts = tuple(map(int, iso.groups()))
    elif dotted := _DOTTED_DAY.fullmatch(text):
        parts = tuple(map(int, reversed(dotted.groups())))
    else:
        raise Invalid(f"“{text[:40]}” is not a day such as 2026-03-02.")
    try:
        return date(*parts)
    except ValueError as error:
        raise Invalid(f"There is no day {text}.") from error


def wall_time(text: str) -> time:
    """A time of day such as 09:00, with seconds or without."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise Invalid(f"“{text[:40]}” is not a time of day such as 09:00.")
    hours, minutes, seconds, part = found.groups()
    try:
        return time(int(hours), int(minutes), int(seconds or 0), int((part or "0").ljust(6, "0")))
    except ValueError as error:
        raise Invalid(f"{text} is not a time of day.") from error


def weekday(text: str) -> int:
    """A day of the week by its name, or three letters of it or more."""
    found = [each for each in Weekday if len(text) >= 3 and each.label.lower().startswith(text.lower())]
    if not found:
        raise Invalid(f"“{text[:40]}” is not a day of the week such as Monday.")
    return found[0].value


def rotation(text: str) -> Rotation:
    """In what turns are counted."""
    if text.lower() not in Rotation.values:
        raise Invalid(f"“{text[:40]}” is not one of {', '.join(Rotation.values)}.")
    return Rotation(text.lower())


def weekly_ranges(text: str) -> tuple[WeeklyRange, ...]:
    """Parts of each week, as ``rules.read_ranges`` reads them."""
    if len(text) > LONGEST_RANGES:
        raise Invalid(f"It is longer than {LONGEST_RANGES:,} characters.")
    return read_ranges(text)


def moment(text: str) -> datetime:
    """A day and a time, aware where it says its offset from UTC; a naive one is local to somewhere."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise Invalid(f"“{text[:40]}” is not a time such as 2026-03-02T09:00+01:00, or without an offset.")
    on, at, offset = found.groups()
    said = datetime.combine(day(on), wall_time(at))
    if not FIRST_DAY <= said.date() <= LAST_DAY:
        raise Invalid(f"Expected a day from {FIRST_DAY} to {LAST_DAY}.")
    if offset is None:
        return said
    try:
        return said.replace(tzinfo=datetime.strptime(offset.upper().replace("−", "-"), "%z").tzinfo)
    except ValueError as error:
        raise Invalid(f"{offset} is not an offset from UTC such as +01:00.") from error


def instant(said: datetime, zone: ZoneInfo) -> datetime:
    """The instant, UTC, that ``said`` means: where it has no offset, by clocks in ``zone`` (``core.walltime``)."""
    if said.tzinfo is None:
        return walltime.instant(said.date(), said.time(), zone)
    return said.astimezone(UTC)
