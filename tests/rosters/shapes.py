"""Rosters of different shape, as plain values: what is compared with the reference, and among it what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from apps.rosters.models import Rotation, ShiftSource
from apps.rosters.rules import LayerPlan, Stretch, WeeklyRange
from benchmarks import three_layers
from benchmarks.three_layers import OFFICE, turns

WORKDAYS = frozenset(range(5))
ALWAYS = frozenset(range(7))


@dataclass(frozen=True)
class Shape:
    """A roster: its name, its zone, its layers from the lowest, and its overrides in the order they were made."""

    name: str
    zone: ZoneInfo
    layers: tuple[LayerPlan, ...]
    overrides: tuple[Stretch, ...] = ()


def days(weekdays: frozenset[int], start: str, end: str, later: int = 0) -> WeeklyRange:
    return WeeklyRange(weekdays, time.fromisoformat(start), time.fromisoformat(end), later)


def stands_in(person: int, start: str, end: str, seat: int = 0) -> Stretch:
    at = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    return Stretch(seat, person, *at, ShiftSource.OVERRIDE)


def shape(name: str, zone: str, *layers: LayerPlan, overrides: tuple[Stretch, ...] = ()) -> Shape:
    return Shape(name, ZoneInfo(zone), layers, overrides)


NIGHTS = days(WORKDAYS, "18:00", "09:00", 1)
SATURDAY_TO_MONDAY = days(frozenset({5}), "09:00", "09:00", 2)

ROSTERS = (
    Shape("three layers: what is measured", three_layers.ZONE, three_layers.LAYERS),
    shape("one person", "UTC", turns(1)),
    shape("two people, a week each", "Europe/Berlin", turns(1, 2)),
    shape("seven people, a day each", "America/New_York", turns(*range(1, 8), rotation=Rotation.DAYS)),
    shape("two days each", "Asia/Kolkata", turns(1, 2, 3, rotation=Rotation.DAYS, length=2)),
    shape("a fortnight each", "Australia/Sydney", turns(1, 2, 3, length=2)),
    shape("twelve hours each", "Europe/London", turns(1, 2, 3, rotation=Rotation.HOURS, length=12)),
    shape("eight hours each", "UTC", turns(1, 2, 3, rotation=Rotation.HOURS, length=8)),
    shape("36 hours each", "America/Sao_Paulo", turns(1, 2, 3, 4, rotation=Rotation.HOURS, length=36)),
    shape("a month each", "Europe/Paris", turns(1, 2, 3, rotation=Rotation.MONTHS, starts_on=date(2024, 11, 4))),
    shape("a month each from the 31st", "Europe/Paris",
          turns(1, 2, rotation=Rotation.MONTHS, starts_on=date(2024, 10, 31))),
    shape(
        "a quarter each", "America/Chicago",
        turns(1, 2, 3, rotation=Rotation.MONTHS, length=3, starts_on=date(2024, 7, 1)),
    ),
    shape("weeks handed over on Wednesdays", "Europe/Madrid", turns(1, 2, 3, handoff_weekday=2)),
    shape("weeks handed over on Sundays at six in the evening", "America/Los_Angeles",
          turns(1, 2, 3, 4, 5, handoff_weekday=6, handoff_time=time(18))),
    shape("handed over at midnight", "Europe/Helsinki", turns(1, 2, 3, rotation=Rotation.DAYS, handoff_time=time(0))),
    shape("handed over at an odd minute", "Asia/Kathmandu",
          turns(1, 2, rotation=Rotation.DAYS, handoff_time=time(7, 45))),
    shape("half an hour of daylight saving", "Australia/Lord_Howe", turns(1, 2, 3, rotation=Rotation.DAYS)),
    shape("clocks that change in Ramadan", "Africa/Casablanca", turns(1, 2, rotation=Rotation.DAYS)),
    shape("far in the east", "Pacific/Kiritimati", turns(1, 2, 3, rotation=Rotation.DAYS)),
    shape("far in the west", "Pacific/Pago_Pago", turns(1, 2, 3, rotation=Rotation.DAYS)),
    shape("office hours only", "Europe/Berlin", turns(1, 2, restrictions=(OFFICE,))),
    shape("nights only, over midnight", "Europe/Berlin", turns(1, 2, 3, restrictions=(NIGHTS,))),
    shape("weekends only", "America/Toronto", turns(1, 2, 3, restrictions=(SATURDAY_TO_MONDAY,))),
    shape("two ranges a day", "Europe/Rome",
          turns(1, 2, rotation=Rotation.DAYS,
                restrictions=(days(WORKDAYS, "08:00", "12:00"), days(WORKDAYS, "14:00", "19:30")))),
    shape("other hours on Fridays", "Asia/Jerusalem",
          turns(1, 2, restrictions=(days(frozenset({6, 0, 1, 2, 3}), "08:30", "17:00"),
                                    days(frozenset({4}), "08:00", "12:00")))),
    shape("office hours, and somebody for the rest", "Europe/Vienna",
          turns(4, 5, rotation=Rotation.DAYS), turns(1, 2, 3, restrictions=(OFFICE,))),
    shape("the sun is followed in three zones", "UTC",
          turns(1, 2, zone=ZoneInfo("Asia/Singapore"), restrictions=(days(ALWAYS, "08:00", "16:00"),)),
          turns(3, 4, zone=ZoneInfo("Europe/Berlin"), restrictions=(days(ALWAYS, "08:00", "17:00"),)),
          turns(5, 6, zone=ZoneInfo("America/Los_Angeles"), restrictions=(days(ALWAYS, "07:00", "17:00"),))),
    shape("the sun is followed on workdays, one for the weekends", "UTC",
          turns(7, 8, 9),
          turns(1, 2, zone=ZoneInfo("Australia/Sydney"), restrictions=(days(WORKDAYS, "09:00", "17:00"),)),
          turns(3, 4, zone=ZoneInfo("Europe/London"), restrictions=(days(WORKDAYS, "09:00", "17:00"),)),
          turns(5, 6, zone=ZoneInfo("America/New_York"), restrictions=(days(WORKDAYS, "12:00", "20:00"),))),
    shape("two at once", "Europe/Berlin", turns(1, 2, 3, at_once=2)),
    shape("three at once of four, a day each", "Asia/Tokyo", turns(1, 2, 3, 4, at_once=3, rotation=Rotation.DAYS)),
    shape("two at once of whom one is enough at night", "Europe/Berlin",
          turns(1, 2, 3), turns(1, 2, 3, 4, at_once=2, rotation=Rotation.DAYS, restrictions=(OFFICE,))),
    shape("two at once, and one of another layer in the office hours", "Europe/Berlin",
          turns(1, 2, 3, at_once=2), turns(4, 5, restrictions=(OFFICE,))),
    shape("a layer that ends and one that follows it", "Europe/Berlin",
          turns(1, 2, ends_on=date(2025, 6, 2)), turns(3, 4, rotation=Rotation.DAYS, starts_on=date(2025, 6, 2))),
    shape("a layer for the holidays", "Europe/Dublin",
          turns(1, 2, 3), turns(9, starts_on=date(2025, 8, 4), ends_on=date(2025, 8, 18))),
    shape("a layer that begins in the year", "America/Mexico_City", turns(1, 2, starts_on=date(2025, 5, 14))),
    shape("overrides, of which the later counts", "Europe/Berlin", turns(1, 2, 3), overrides=(
        stands_in(8, "2025-03-30T00:30", "2025-03-30T02:00"),
        stands_in(9, "2025-03-30T01:00", "2025-04-01T12:00"),
        stands_in(8, "2025-10-26T00:00", "2025-10-26T03:15"),
        stands_in(7, "2025-12-24T08:00", "2025-12-27T08:00"))),
    shape("an override where no layer covers", "Europe/Berlin", turns(1, 2, restrictions=(OFFICE,)), overrides=(
        stands_in(9, "2025-02-01T00:00", "2025-02-02T12:00"),
        stands_in(8, "2025-02-03T12:00", "2025-02-03T20:00"))),
    shape("four layers, one above the other", "Europe/Amsterdam",
          turns(1, 2, 3),
          turns(4, 5, rotation=Rotation.DAYS, length=3, restrictions=(days(ALWAYS, "20:00", "08:00", 1),)),
          turns(6, 7, handoff_weekday=3, restrictions=(OFFICE,)),
          turns(8, rotation=Rotation.MONTHS, starts_on=date(2025, 1, 15),
                restrictions=(days(frozenset({2}), "13:00", "15:00"),))),
)  # fmt: skip
