"""What a calendar of others says happens when, in a process of its own: ``python -m apps.rosters.calendars.expansion``.

A calendar can be written so that nothing ends its reading but the end of the process. So this module runs apart
(``reading`` starts it, and ends it), bounds what it takes, and knows neither Django nor the database. It reads the
calendar from its input and writes one JSON object.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import recurring_ical_events
from icalendar import Calendar

from apps.core.walltime import instant
from apps.rosters.calendars.rendering import PERSON, SEAT

MOST_EVENTS = 10_000
MOST_OCCURRENCES = 10_000
MOST_MEMORY = 1024 * 1024 * 1024
#: Of each event the first such characters of its texts are looked at.
LONGEST_SUMMARY, LONGEST_DESCRIPTION = 200, 2_000

_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY"})
_NAMES_ZONE = "X-WR-TIMEZONE"
_TIMES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
_READ = (
    *_TIMES, "BEGIN", "END", "UID", "SUMMARY", "DESCRIPTION", "STATUS", "SEQUENCE", "ATTENDEE", PERSON, SEAT,
    "VERSION", "PRODID", "CALSCALE", _NAMES_ZONE, "TZID", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME",
)  # fmt: skip
#: A line of a property that is read; to it belong the lines that begin with a space.
_READ_LINE = re.compile(rf"(?:{'|'.join(map(re.escape, _READ))})[;:]".encode(), re.IGNORECASE)
_RECURS = ("RRULE", "RDATE", "RECURRENCE-ID")
#: Local times are up to so far from UTC.
_FARTHEST = timedelta(days=1)
#: What is said to last from before, or until after, lasts from or until then: for ever, as some write it.
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


#: An event of ``icalendar``: its properties are of whatever type they were written as.
Event = Any


class Refused(Exception):
    """The calendar as a whole cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happens from ``start`` to ``end``, in seconds since 1970.

    ``addresses`` are mail addresses in groups: the first group in which somebody is known says who is meant. ``seat``
    is what a calendar of ours says.
    """

    start: int
    end: int
    summary: str
    seat: int | None = None
    addresses: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Expansion:
    """What happens within the time asked for, by start, and what cannot be read: summary and reason."""

    occurrences: list[Occurrence] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def expand(text: bytes, *, start: datetime, end: datetime, zone: ZoneInfo) -> Expansion:
    """Return what the calendar ``text`` says of [start, end): whole occurrences, each event's by RFC 5545.

    Days, and times without a zone, are those of ``zone``, or of the one that the calendar names for them. An event
    that cannot be read is told and stops no other; cancelled ones, and those without a length, do not happen. What
    lasts from before FIRST or until after LAST is cut off there. Raises
    Refused for what is no calendar, or has more than MOST_EVENTS events or MOST_OCCURRENCES occurrences.
    """
    text = text.removeprefix(BOM_UTF8)  # some programs write it before all that is in UTF-8
    if text.upper().count(b"BEGIN:VEVENT") > MOST_EVENTS:
        raise Refused(f"It has more than {MOST_EVENTS:,} events.")
    found = Expansion()
    for calendar in _calendars(text):
        own_zone = _own_zone(calendar)
        for events in _by_id(calendar):
            summary = _summary(events[0])
            try:
                _check_recurrence(events)
                happening = list(
                    _happening(events, start=start, end=end, zone=own_zone or zone, named=own_zone is not None)
                )
            except OverflowError:
                found.unreadable.append((summary, "It cannot be read: its dates lie too far away."))
                continue
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                found.unreadable.append((summary, f"It cannot be read: {_kept(str(error))[:200]}"))
                continue
            found.occurrences.extend(happening)
            if len(found.occurrences) > MOST_OCCURRENCES:
                raise Refused(f"It has more than {MOST_OCCURRENCES:,} events up to {end:%Y-%m-%d}.")
    found.occurrences.sort(key=lambda each: (each.start, each.end, each.summary))
    return found


def _calendars(text: bytes) -> list[Any]:
    if b"BEGIN:VCALENDAR" not in text[:4096].upper():
        raise Refused("It is no calendar in the iCalendar format.")
    try:
        calendars = list(Calendar.from_ical(b"\r\n".join(_lines_that_are_read(text)), multiple=True))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"It is no calendar in the iCalendar format: {_kept(str(error))[:200]}") from error
    if not calendars:
        raise Refused("It is no calendar in the iCalendar format: it breaks off.")
    return calendars


def _summary(event: Event) -> str:
    """What an event is called."""
    return _kept(str(event.get("SUMMARY", "")))[:LONGEST_SUMMARY]


def _kept(text: str) -> str:
    """What of ``text`` can be kept: PostgreSQL holds no NUL character."""
    return text.replace("\0", "")


def _lines_that_are_read(text: bytes) -> Iterator[bytes]:
    """Yield the lines of the properties that turns are made of: to parse the others takes most of the time."""
    is_read = False
    for line in text.splitlines():
        if line[:1] not in (b" ", b"\t"):
            is_read = _READ_LINE.match(line) is not None
        if is_read:
            yield line


def _own_zone(calendar: Any) -> ZoneInfo | None:
    """The zone that a calendar names for all its times that have none, as many do."""
    named = calendar.get(_NAMES_ZONE)
    try:
        return ZoneInfo(str(named)) if named is not None else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _by_id(calendar: Any) -> Iterator[list[Event]]:
    """Yield the events that belong together: a series with what was changed of it."""
    found: dict[str, list[Event]] = defaultdict(list)
    for number, event in enumerate(calendar.walk("VEVENT")):
        found[str(event.get("UID", f"without-{number}"))].append(event)
    yield from found.values()


def _check_recurrence(events: Sequence[Event]) -> None:
    """Raise Refused for what would be handed over more often than every hour, ValueError for a rule that is not clear.

    So it is for more rules than anybody has.
    """
    for event in events:
        for name, mistake in event.errors:
            if name == "RRULE":
                raise ValueError(f"its RRULE is not clear. {mistake}")
        rules = _listed(event, "RRULE")
        if len(rules) > 10:
            raise ValueError("it repeats by more than ten rules.")
        for rule in rules:
            if not rule.get("FREQ") or any(each < 1 for each in rule.get("INTERVAL", [1])):
                raise ValueError("its RRULE does not say how often it repeats.")
            often = str(rule.get("FREQ", [""])[0]).upper() in _TOO_OFTEN
            if often or len(rule.get("BYMINUTE", [0])) > 1 or len(rule.get("BYSECOND", [0])) > 1:
                raise Refused(f"“{_summary(event)}” repeats more often than every hour.")


def _happening(
    events: list[Event], *, start: datetime, end: datetime, zone: ZoneInfo, named: bool
) -> Iterator[Occurrence]:
    """Yield what of one series, or of one event, lies within [start, end).

    ``named``: the calendar names ``zone`` for its times, by which those in UTC then repeat as well.
    """
    for event in events:
        _check_times(event)
    if len(events) == 1 and not any(name in events[0] for name in _RECURS):
        instances = iter(events)
    else:
        series = Calendar()
        if named:
            series.add(_NAMES_ZONE, zone.key)
        for event in events:
            series.add_component(event)
        instances = _instances(series, start - _FARTHEST, end + _FARTHEST)
    for instance in instances:
        begins, ends = _span(instance, zone)
        if begins < ends and begins < end and start < ends and str(instance.get("STATUS", "")).upper() != "CANCELLED":
            yield _occurrence(instance, begins, ends)


def _instances(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Event]:
    """Yield the events of a series within [start, end). Raises Refused for too many, before all of them are made."""
    for series in recurring_ical_events.of(calendar).series:
        for number, occurrence in enumerate(series.between(start, end)):
            if number > MOST_OCCURRENCES:
                raise Refused(f"One of its events comes more than {MOST_OCCURRENCES:,} times up to {end:%Y-%m-%d}.")
            yield occurrence.as_component(False)


def _check_times(event: Event) -> None:
    """Raise ValueError for an event whose times are missing, cannot be read, or are in a zone that nobody knows."""
    for name, mistake in event.errors:
        if name in _TIMES:
            raise ValueError(f"{name}: {mistake}")
    if "DTSTART" not in event:
        raise ValueError("It has no start.")
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        for value in _listed(event, name):
            if isinstance(value.dt, datetime) and value.dt.tzinfo is None and value.params.get("TZID"):
                raise ValueError(f"Nobody knows the time zone {value.params['TZID']}.")


def _span(event: Event, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end of an event in UTC; one without an end, or a length, lasts its day, or not at all."""
    starts = event["DTSTART"].dt
    if "DTEND" in event:
        ends = event["DTEND"].dt
    elif "DURATION" in event:
        length = event["DURATION"].dt
        if not isinstance(starts, datetime):
            ends = starts + length
        else:  # hours are hours, whatever the clocks do meanwhile; days are days by the clock
            days = timedelta(days=length.days)
            return _instant(starts, zone), _kept_within(_instant(starts + days, zone) + (length - days))
    else:
        ends = starts if isinstance(starts, datetime) else starts + timedelta(days=1)
    return _instant(starts, zone), _instant(ends, zone)


def _instant(value: date | datetime, zone: ZoneInfo) -> datetime:
    """A day's beginning, or a time, in UTC; by ``zone`` where it says none. Not before FIRST, nor after LAST."""
    if not FIRST.year <= value.year < LAST.year:
        return FIRST if value.year < FIRST.year else LAST
    if not isinstance(value, datetime):
        return _kept_within(instant(value, time(0), zone))
    return _kept_within((value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(UTC))


def _kept_within(value: datetime) -> datetime:
    return min(max(value, FIRST), LAST)


def _occurrence(event: Event, start: datetime, end: datetime) -> Occurrence:
    summary = _summary(event)
    exact = tuple(str(value) for value in _listed(event, PERSON))
    written = tuple(_ADDRESS.findall(summary))
    described = tuple(_ADDRESS.findall(str(event.get("DESCRIPTION", ""))[:LONGEST_DESCRIPTION])[:1])
    groups = (exact,) if exact else (tuple(_attendees(event)), written, described)
    seat = str(event.get(SEAT, ""))
    return Occurrence(
        start=int(start.timestamp()),
        end=int(end.timestamp()),
        summary=summary,
        seat=int(seat) if seat.isascii() and seat.isdecimal() and len(seat) < 4 else None,
        addresses=tuple(tuple(address.lower() for address in group) for group in groups if group),
    )


def _attendees(event: Event) -> Iterator[str]:
    """Yield the addresses of those who take part, but for those who declined."""
    for attendee in _listed(event, "ATTENDEE"):
        params = getattr(attendee, "params", {})
        if str(params.get("PARTSTAT", "")).upper() != "DECLINED":
            yield str(params.get("EMAIL") or attendee).partition("?")[0].lower().removeprefix("mailto:")


def _listed(event: Event, name: str) -> list[Any]:
    """The values of a property that may be there once, several times or not at all."""
    value = event.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def main(arguments: Sequence[str]) -> None:
    """Expand the input; ``arguments`` are start, end (ISO), the name of the zone, and the seconds that it may take."""
    start, end, zone, seconds = arguments
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    os.nice(10)
    told: dict[str, Any]
    try:
        found = expand(
            sys.stdin.buffer.read(),
            start=datetime.fromisoformat(start),
            end=datetime.fromisoformat(end),
            zone=ZoneInfo(zone),
        )
        told = {"occurrences": [astuple(each) for each in found.occurrences], "unreadable": found.unreadable}
    except Refused as error:
        told = {"refused": str(error)}
    except (MemoryError, RecursionError):
        told = {"refused": "It takes too much to read."}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
