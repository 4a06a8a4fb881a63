"""Spans of time as people write them: ``15m``, ``2h``, ``response/3``, ``next_business_day``.

Two notions live here. A *duration* is a plain ``timedelta`` with a text form. A *delay* says when something is due
once it has begun; it may depend on the targets of an incident's severity or on a business calendar, so it is kept as
data and evaluated by whoever knows those (clocks, role backups, update cadence).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from apps.core.errors import Invalid

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>[smhd])")
_FRACTION = re.compile(r"(?P<target>response|resolution)/(?P<divisor>[1-9][0-9]*)")
_LONGEST = timedelta(days=3660)

IMMEDIATELY = "immediately"
NEXT_BUSINESS_DAY = "next_business_day"


class DurationError(Invalid):
    """A text is not a duration or delay; the message says what was expected and what was found."""


class Target(StrEnum):
    """A target of a severity that a delay may be a fraction of."""

    RESPONSE = "response"
    RESOLUTION = "resolution"


class BusinessCalendar(Protocol):
    """What a delay asks of a team's working hours and holidays."""

    def end_of_next_business_day(self, after: datetime) -> datetime:
        """Return the end of working hours on the first business day after the local day of ``after``, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Targets:
    """The response and resolution targets of one severity, as spans from the declaration."""

    response: timedelta
    resolution: timedelta

    def of(self, target: Target) -> timedelta:
        """Return the span of ``target``."""
        return self.response if target is Target.RESPONSE else self.resolution


@dataclass(frozen=True, slots=True)
class Fixed:
    """Due a fixed span after the start; a span of zero is written ``immediately``."""

    span: timedelta

    def due(self, start: datetime, *, targets: Targets, calendar: BusinessCalendar) -> datetime:
        """Return the instant at which it is due, in the zone of ``start``."""
        return start + self.span

    def __str__(self) -> str:
        return format(self.span) if self.span else IMMEDIATELY


@dataclass(frozen=True, slots=True)
class Fraction:
    """Due when a part of one of the severity's targets has passed: ``response/3``."""

    target: Target
    divisor: int

    def due(self, start: datetime, *, targets: Targets, calendar: BusinessCalendar) -> datetime:
        """Return the instant at which it is due, in the zone of ``start``."""
        return start + self.span(targets)

    def span(self, targets: Targets) -> timedelta:
        """Return the span that the fraction is of ``targets``."""
        return targets.of(self.target) / self.divisor

    def __str__(self) -> str:
        return f"{self.target}/{self.divisor}"


@dataclass(frozen=True, slots=True)
class NextBusinessDay:
    """Due at the end of the owning team's next business day (R24)."""

    def due(self, start: datetime, *, targets: Targets, calendar: BusinessCalendar) -> datetime:
        """Return the instant at which it is due, in UTC."""
        return calendar.end_of_next_business_day(start)

    def __str__(self) -> str:
        return NEXT_BUSINESS_DAY


Delay = Fixed | Fraction | NextBusinessDay


def parse(text: str) -> timedelta:
    """Return the span that ``text`` names: a number and one of the units s, m, h, d.

    Raises DurationError for anything else, and for spans over ten years, which are slips of the pen.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise DurationError(f"expected a duration such as 15m, 2h or 5d, got {text!r}")
    seconds = Decimal(match["number"]) * _SECONDS[match["unit"]]
    if seconds > Decimal(_LONGEST.total_seconds()):
        raise DurationError(f"expected a duration of at most ten years, got {text!r}")
    return timedelta(microseconds=int(seconds * 1_000_000))


def format(span: timedelta) -> str:  # noqa: A001  (the counterpart of parse, called as durations.format)
    """Return ``span`` in the largest unit that holds it without a fraction; ``parse`` reads it back unchanged.

    Raises DurationError for a negative span, which no text stands for.
    """
    if span < timedelta(0):
        raise DurationError(f"a duration is never negative, got {span}")
    microseconds = span // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 1_000_000)
    if rest:
        return f"{seconds}.{rest:06d}".rstrip("0") + "s"
    if seconds == 0:
        return "0m"
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def parse_delay(text: str) -> Delay:
    """Return the delay that ``text`` names: a duration, ``immediately``, ``next_business_day``, a fraction of a target.

    Raises DurationError for anything else.
    """
    if text == IMMEDIATELY:
        return Fixed(timedelta(0))
    if text == NEXT_BUSINESS_DAY:
        return NextBusinessDay()
    if match := _FRACTION.fullmatch(text):
        return Fraction(Target(match["target"]), int(match["divisor"]))
    try:
        return Fixed(parse(text))
    except DurationError as error:
        raise DurationError(
            f"{error} (or {IMMEDIATELY}, {NEXT_BUSINESS_DAY}, or a fraction of a target such as response/3)"
        ) from None
