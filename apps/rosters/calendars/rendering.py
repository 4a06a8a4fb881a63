"""Shifts as an iCalendar (RFC 5545, with the names of RFC 7986), as Google, Apple and Outlook read it.

What an event says of roster and person is written once by ``icalendar``, which knows how to escape and fold, and what
differs from shift to shift is put between: a calendar of 100,000 shifts takes a second instead of a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from apps.rosters.calendars.zones import timezone

#: How often calendars are asked to look again.
LOOKS_AGAIN = "PT1H"
#: By these names an event of ours says exactly whose turn it is, and in which seat, for whoever imports it.
PERSON, SEAT = "X-ADO-PERSON", "X-ADO-SEAT"

_BEGINNING = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
_LARGEST_SEQUENCE = 2**31 - 1
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
#: With a longer one the line of an event's id may pass the 75 bytes that a line has, and is folded.
_SHORT_HOST = 20
#: So many times of one kind are kept as they are written: a team's rosters are handed over at the same ones.
_KEPT = 10_000


#: A shift: roster, seat and person, then start, end, and when it was planned or its end moved; ids, and whole seconds
#: since 1970. A plain row: of 100,000 each attribute is felt.
Held = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class RosterFace:
    """What a calendar says of a roster; ``url`` is that of its page, ``changed`` when it was (seconds since 1970)."""

    name: str
    team: str
    zone: ZoneInfo
    url: str
    changed: int = 0


@dataclass(frozen=True, slots=True)
class PersonFace:
    """What a calendar says of a person, and when that changed, in seconds since 1970."""

    name: str
    email: str
    changed: int = 0


def render(
    shifts: Iterable[Held],
    *,
    title: str,
    host: str,
    rosters: Mapping[int, RosterFace],
    people: Mapping[int, PersonFace],
    years: tuple[int, int],
    of_one_person: bool = False,
) -> bytes:
    """Return the calendar ``title`` of ``shifts``, each in the zone of its roster; the same shifts give the same bytes.

    An event's id is the same for a seat and a start, however the rest changes; ``host`` makes it the world's only one.
    Its sequence rises when the shift changes, its roster or its person.
    ``years`` are the first and the last in which shifts lie. In a calendar ``of_one_person`` the events name
    the roster alone. What is less than a second is left out: the format knows no such thing.
    """
    blocks = {zone: _zone_block(zone, *years) for zone in {each.zone for each in rosters.values()}}
    times = {key: _local_times(face.zone) if blocks[face.zone] else _utc_times for key, face in rosters.items()}
    at_host = f"@{host}" if len(host) <= _SHORT_HOST else f"\r\n @{host}"

    @cache
    def text(roster: int, person: int) -> str:
        return _text(rosters[roster], people[person], of_one_person=of_one_person)

    events = [
        f"BEGIN:VEVENT\r\nUID:roster-{roster}-{seat}-{_utc(start)}{at_host}\r\n"
        f"{_version(max(changed, rosters[roster].changed, people[person].changed))}"
        f"{times[roster](start, end)}{text(roster, person)}{SEAT}:{seat}\r\nEND:VEVENT\r\n"
        for roster, seat, person, start, end, changed in shifts
        if start < end
    ]
    return "".join([_head(title), *blocks.values(), *events, "END:VCALENDAR\r\n"]).encode()


def _head(title: str) -> str:
    """What stands before zones and events. No X-WR-TIMEZONE: by it readers turn UTC into wall times that come twice."""
    calendar = Calendar()
    calendar.add("PRODID", "-//ADO Incidents//Rosters//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    named = " ".join(title.split())  # a name that breaks lines is no line of a calendar
    calendar.add("NAME", named)
    calendar.add("X-WR-CALNAME", named)
    lines = calendar.to_ical().decode().removesuffix("END:VCALENDAR\r\n")
    return f"{lines}REFRESH-INTERVAL;VALUE=DURATION:{LOOKS_AGAIN}\r\nX-PUBLISHED-TTL:{LOOKS_AGAIN}\r\n"


def _text(roster: RosterFace, person: PersonFace, *, of_one_person: bool) -> str:
    """What every shift of the person in the roster says, as lines.

    The person is no attendee: nobody is invited to anything. Being on call makes nobody busy.
    """
    event = Event()
    event.add("SUMMARY", f"On call: {roster.name}" if of_one_person else f"{person.name} on call: {roster.name}")
    event.add("DESCRIPTION", f"{person.name} is on call for {roster.team}, in the roster {roster.name}.\n{roster.url}")
    event.add("URL", roster.url)
    event.add("STATUS", "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT")
    event.add(PERSON, person.email)
    lines: str = event.to_ical().decode()
    return lines.removeprefix("BEGIN:VEVENT\r\n").removesuffix("END:VEVENT\r\n")


def _zone_block(zone: ZoneInfo, first_year: int, last_year: int) -> str:
    """The zone as lines; nothing for one that cannot be written: its times are in UTC."""
    return (timezone(zone, first_year, last_year) or b"").decode()


@lru_cache(maxsize=_KEPT)
def _version(changed: int) -> str:
    """The lines that say when the event was changed, and since when: a number that rises with it."""
    sequence = min(max(changed - _BEGINNING, 0), _LARGEST_SEQUENCE)
    return f"DTSTAMP:{_utc(changed)}\r\nLAST-MODIFIED:{_utc(changed)}\r\nSEQUENCE:{sequence}\r\n"


@lru_cache(maxsize=64)
def _local_times(zone: ZoneInfo) -> Callable[[int, int], str]:
    """How start and end are written by the clocks of ``zone``.

    In the hour that comes twice the clocks mean its first; times in the second are written in UTC.
    """
    key = zone.key

    @lru_cache(maxsize=_KEPT)
    def lines(start: int, end: int) -> str:
        begins, ends = datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone)
        if begins.fold or ends.fold:
            return _utc_times(start, end)
        return f"DTSTART;TZID={key}:{begins:%Y%m%dT%H%M%S}\r\nDTEND;TZID={key}:{ends:%Y%m%dT%H%M%S}\r\n"

    return lines


def _utc_times(start: int, end: int) -> str:
    return f"DTSTART:{_utc(start)}\r\nDTEND:{_utc(end)}\r\n"


@lru_cache(maxsize=_KEPT)
def _utc(second: int) -> str:
    return f"{_1970 + timedelta(seconds=second):%Y%m%dT%H%M%SZ}"
