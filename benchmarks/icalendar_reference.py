"""The same roster written as iCalendar events (RFC 5545): the reference that our own shifts are compared with.

Each layer is a calendar of turns for each seat, one recurring event for each place in the order, and, where it is
restricted, a calendar of the times at which it is open. ``recurring-ical-events`` expands them. Of
``apps.rosters.rules`` nothing is used but the plain values that say what a layer is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

from apps.rosters.models import Rotation
from apps.rosters.rules import FIRST_SEAT, LayerPlan, Stretch, WeeklyRange, Window

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCY = {
    Rotation.HOURS: "HOURLY",
    Rotation.DAYS: "DAILY",
    Rotation.WEEKS: "WEEKLY",
    Rotation.MONTHS: "MONTHLY",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A layer as calendars; ``begins`` and ``ends`` bound it, UTC.

    Turns ``in_months`` last until the next one begins: an event that comes again has the same length each time.
    """

    turns: list[Calendar]
    open_times: Calendar | None
    begins: datetime
    ends: datetime | None
    in_months: bool


@dataclass(frozen=True, slots=True)
class Track:
    """What one calendar says: starts in order, and for each its end and what it stands for."""

    starts: list[datetime]
    ends: list[datetime]
    names: list[str]

    def at(self, instant: datetime) -> str | None:
        """Return the name of the event that lasts at ``instant``: the latest that began, unless it is over."""
        place = bisect_right(self.starts, instant) - 1
        return self.names[place] if place >= 0 and instant < self.ends[place] else None


def write(layer: LayerPlan, zone: ZoneInfo) -> Written:
    """Return ``layer`` as calendars, one of turns for each seat. It has people."""
    zone = layer.zone or zone
    seats = range(min(layer.at_once, len(layer.people)))
    return Written(
        turns=[_calendar(_turns(layer, zone, seat)) for seat in seats],
        open_times=_calendar(_openings(layer.restrictions, layer.starts_on, zone)) if layer.restrictions else None,
        begins=_local(layer.starts_on, layer, zone).astimezone(UTC),
        ends=_local(layer.ends_on, layer, zone).astimezone(UTC) if layer.ends_on else None,
        in_months=layer.rotation == Rotation.MONTHS,
    )


def expand(calendar: Calendar, window: Window, *, until_the_next: bool = False) -> Track:
    """Return what the calendar says within ``window``; ``until_the_next``: each lasts until another begins."""
    events = recurring_ical_events.of(calendar).between(window.start, window.end)
    found = sorted(
        (event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC), str(event["SUMMARY"]))
        for event in events
    )
    if not found:
        return Track([], [], [])
    starts, ends, names = (list(column) for column in zip(*found, strict=True))
    return Track(starts, [*starts[1:], ends[-1]] if until_the_next else ends, names)


@dataclass(frozen=True, slots=True)
class Expanded:
    """A layer whose calendars are expanded."""

    turns: list[Track]
    open_times: Track | None
    begins: datetime
    ends: datetime | None

    def at(self, instant: datetime, seat: int) -> int | None:
        """Return who holds ``seat`` at ``instant`` by this layer alone."""
        if instant < self.begins or (self.ends and instant >= self.ends) or seat >= len(self.turns):
            return None
        if self.open_times and self.open_times.at(instant) is None:
            return None
        person = self.turns[seat].at(instant)
        return int(person) if person else None


def expand_all(layers: Sequence[Written], window: Window) -> list[Expanded]:
    """Return what all calendars of the layers say within ``window``."""
    return [
        Expanded(
            turns=[expand(calendar, window, until_the_next=layer.in_months) for calendar in layer.turns],
            open_times=expand(layer.open_times, window) if layer.open_times else None,
            begins=layer.begins,
            ends=layer.ends,
        )
        for layer in layers
    ]


def holder(layers: Sequence[Expanded], overrides: Sequence[Stretch], at: datetime, seat: int) -> int | None:
    """Return who holds ``seat`` at ``at``: by the latest override, else by the highest layer that says anybody."""
    for override in reversed(overrides):
        if override.seat == seat and override.start <= at < override.end:
            return override.person
    for layer in reversed(layers):
        if layer.at(at, FIRST_SEAT) is not None:
            return layer.at(at, seat)
    return None


def _calendar(events: Iterator[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//ADO Incidents//Reference//EN")
    calendar.add("version", "2.0")
    for number, event in enumerate(events):
        event.add("uid", f"{number}@reference")
        event.add("dtstamp", datetime(2020, 1, 1, tzinfo=UTC))
        calendar.add_component(event)
    return calendar


def _turns(layer: LayerPlan, zone: ZoneInfo, seat: int) -> Iterator[Event]:
    """One recurring event for each turn until the order begins anew."""
    first = layer.starts_on
    if layer.handoff_weekday is not None:
        first -= timedelta(days=(first.weekday() - layer.handoff_weekday) % 7)
    for number in range(len(layer.people)):
        start, end = _turn(layer, zone, first, number)
        rule: dict[str, object] = {
            "freq": FREQUENCY[layer.rotation],
            "interval": layer.length * len(layer.people),
        }
        if layer.rotation == Rotation.MONTHS and first.day > 28:
            rule |= {"bymonthday": list(range(28, first.day + 1)), "bysetpos": -1}
        person = layer.people[(number * layer.at_once + seat) % len(layer.people)]
        yield _event(start, end, str(person), rule)


def _turn(layer: LayerPlan, zone: ZoneInfo, first: date, number: int) -> tuple[datetime, datetime]:
    """Start and end of a turn as the calendar says it: local, but for turns in hours, which are elapsed."""
    if layer.rotation == Rotation.HOURS:
        begins = _local(first, layer, zone).astimezone(UTC)
        length = timedelta(hours=layer.length)
        return begins + number * length, begins + (number + 1) * length
    if layer.rotation == Rotation.MONTHS:
        start, end = (_months_later(first, layer.length * each) for each in (number, number + 1))
    else:
        days = layer.length * (7 if layer.rotation == Rotation.WEEKS else 1)
        start, end = (first + timedelta(days=days * each) for each in (number, number + 1))
    return _local(start, layer, zone), _local(end, layer, zone)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"{day} has no day {months} months later")


def _openings(restrictions: Sequence[WeeklyRange], first: date, zone: ZoneInfo) -> Iterator[Event]:
    """One weekly event for each range, from the weeks before the layer starts on."""
    for each in restrictions:
        for weekday in sorted(each.weekdays):
            day = first - timedelta(days=14 + (first.weekday() - weekday) % 7)
            start = datetime.combine(day, each.start, tzinfo=zone)
            end = datetime.combine(day + timedelta(days=each.days), each.end, tzinfo=zone)
            yield _event(start, end, "open", {"freq": "WEEKLY", "byday": WEEKDAYS[weekday]})


def _event(start: datetime, end: datetime, name: str, rule: dict[str, object]) -> Event:
    event = Event()
    event.add("summary", name)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("rrule", rule)
    return event


def _local(day: date, layer: LayerPlan, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, layer.handoff_time, tzinfo=zone)
