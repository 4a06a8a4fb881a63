"""Weekly ranges as people write them: ``Mon-Fri 09:00-18:00; Sat, Sun 10-14; Fri 18:00 - Mon 09:00``.

Ranges are separated by semicolons. Days alone mean the whole of them; an end that is not after its start is on the next
day; ``daily`` is every day. Times are local.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import time

from apps.core.errors import Invalid
from apps.rosters.models.rosters import MOST_RESTRICTIONS
from apps.rosters.rules.plans import WeeklyRange

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXAMPLE = "Mon-Fri 09:00-18:00; Sat, Sun 10:00-14:00"
EVERY_DAY = frozenset(range(7))
MIDNIGHT = time(0)
#: MOST_RESTRICTIONS are written in less, though each of them begins on every day and lasts for several.
LONGEST_RANGES = 10_000

_DAY = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_TIME = r"\d{1,2}(?:[:.]\d{2})?"
_FROM_DAY_TO_DAY = re.compile(rf"({_DAY})\s+({_TIME})\s*-\s*({_DAY})\s+({_TIME})")
_ON_DAYS = re.compile(
    rf"(daily|every ?day|{_DAY}(?:\s*-\s*{_DAY})?(?:[,\s]+{_DAY}(?:\s*-\s*{_DAY})?)*)(?:\s+({_TIME})\s*-\s*({_TIME}))?"
)
_SOME_DAYS = re.compile(rf"({_DAY})(?:\s*-\s*({_DAY}))?")


def read_ranges(text: str) -> tuple[WeeklyRange, ...]:
    """Return the ranges that ``text`` says; none for an empty one. Raises Invalid, saying which part is not clear.

    Ranges from day to day that differ by their days alone are one. There are MOST_RESTRICTIONS at most.
    """
    parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
    found: list[WeeklyRange] = []
    begun: dict[WeeklyRange, int] = {}
    for each in map(_read, parts):
        alike = replace(each, weekdays=frozenset())
        place = begun.setdefault(alike, len(found)) if _is_from_day_to_day(each) else len(found)
        if place == len(found):
            found.append(each)
        else:
            found[place] = replace(each, weekdays=found[place].weekdays | each.weekdays)
    if len(found) > MOST_RESTRICTIONS:
        raise Invalid(f"It names more than {MOST_RESTRICTIONS} parts of the week.", field="covers")
    return tuple(found)


def ranges_in_words(ranges: Iterable[WeeklyRange]) -> str:
    """Return text from which ``read_ranges`` reads ranges that cover the same."""
    return "; ".join(words for each in ranges for words in _in_words(each))


def _read(part: str) -> WeeklyRange:
    plain = re.sub("[–—]| to ", "-", part.lower())
    if between := _FROM_DAY_TO_DAY.fullmatch(plain):
        first, starts, last, ends = between.groups()
        (start, _), (end, later) = _time(starts, part), _time(ends, part)
        days = (_day(last) + later - _day(first)) % 7
        return WeeklyRange(frozenset({_day(first)}), start, end, days or (7 if end <= start else 0))
    if on_days := _ON_DAYS.fullmatch(plain):
        days_said, starts, ends = on_days.groups()
        if starts is None:
            return WeeklyRange(_weekdays(days_said), MIDNIGHT, MIDNIGHT, 1)
        (start, _), (end, later) = _time(starts, part), _time(ends, part)
        return WeeklyRange(_weekdays(days_said), start, end, 1 if later or end <= start else 0)
    raise Invalid(f"“{part[:100]}” is not clear; write for example {EXAMPLE}.", field="covers")


def _time(text: str, part: str) -> tuple[time, int]:
    """The wall time, and 1 where 24:00 means midnight at the end of the day."""
    hours, _, minutes = text.replace(".", ":").partition(":")
    if (int(hours), int(minutes or 0)) == (24, 0):
        return MIDNIGHT, 1
    try:
        return time(int(hours), int(minutes or 0)), 0
    except ValueError as error:
        raise Invalid(f"{text} in “{part}” is not a time of day.", field="covers") from error


def _day(text: str) -> int:
    return next(number for number, day in enumerate(DAYS) if text.startswith(day.lower()))


def _weekdays(text: str) -> frozenset[int]:
    if text in ("daily", "everyday", "every day"):
        return EVERY_DAY
    found: set[int] = set()
    for first, last in _SOME_DAYS.findall(text):
        start = _day(first)
        length = (_day(last) - start) % 7 if last else 0
        found |= {(start + day) % 7 for day in range(length + 1)}
    return frozenset(found)


def _in_words(each: WeeklyRange) -> Iterator[str]:
    whole_days = (each.start, each.end, each.days) == (MIDNIGHT, MIDNIGHT, 1)
    if whole_days:
        yield _days_in_words(each.weekdays)
    elif not _is_from_day_to_day(each):
        yield f"{_days_in_words(each.weekdays)} {each.start:%H:%M}-{each.end:%H:%M}"
    else:
        for weekday in sorted(each.weekdays):
            yield f"{DAYS[weekday]} {each.start:%H:%M} - {DAYS[(weekday + each.days) % 7]} {each.end:%H:%M}"


def _is_from_day_to_day(each: WeeklyRange) -> bool:
    """Whether it is written with the day on which it ends, and so once for each day on which it begins."""
    return each.days > 1 or (each.days == 1 and each.end > each.start)


def _days_in_words(weekdays: frozenset[int]) -> str:
    if weekdays == EVERY_DAY:
        return "daily"
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(
        f"{DAYS[run[0]]}-{DAYS[run[-1]]}" if len(run) > 2 else ", ".join(DAYS[day] for day in run) for run in runs
    )
