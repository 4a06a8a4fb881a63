from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import HealthCheck, given, settings

from apps.core.errors import Invalid
from apps.rosters.models import Rotation
from apps.rosters.rules import LONGEST_RANGES, LayerPlan, WeeklyRange, Window, compute, ranges_in_words, read_ranges
from tests.rosters.test_rules import BERLIN
from tests.rosters.test_rules_always import weekly_ranges

WORKDAYS = frozenset(range(5))


def weekly(weekdays, start: str, end: str, days: int = 0) -> WeeklyRange:
    return WeeklyRange(frozenset(weekdays), time.fromisoformat(start), time.fromisoformat(end), days)


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", []),
        ("Mon-Fri 09:00-18:00", [weekly(WORKDAYS, "09:00", "18:00")]),
        ("monday – friday 9–18", [weekly(WORKDAYS, "09:00", "18:00")]),
        ("Mon-Fri 18:00-09:00", [weekly(WORKDAYS, "18:00", "09:00", 1)]),
        ("Mon-Fri 18:00 to 24:00", [weekly(WORKDAYS, "18:00", "00:00", 1)]),
        ("Sat, Sun", [weekly({5, 6}, "00:00", "00:00", 1)]),
        ("daily 8.30-17.15", [weekly(range(7), "08:30", "17:15")]),
        ("Fri-Mon 10-12", [weekly({4, 5, 6, 0}, "10:00", "12:00")]),
        ("Mon Wed Fri 10-12", [weekly({0, 2, 4}, "10:00", "12:00")]),
        ("Fri 18:00 - Mon 09:00", [weekly({4}, "18:00", "09:00", 3)]),
        ("Mon 09:00 - Mon 09:00", [weekly({0}, "09:00", "09:00", 7)]),
        ("Mon 09:00 - Mon 10:00", [weekly({0}, "09:00", "10:00")]),
        ("Sat 00:00 - Sun 24:00", [weekly({5}, "00:00", "00:00", 2)]),
        (
            "Fri 18:00 - Mon 9; Sat 18:00 - Tue 9; Wed 9-12",
            [weekly({4, 5}, "18:00", "09:00", 3), weekly({2}, "09:00", "12:00")],
        ),
        (" Mon 9-12 ; ;Tue 13-15\n", [weekly({0}, "09:00", "12:00"), weekly({1}, "13:00", "15:00")]),
    ],
)
def test_ranges_are_read_as_people_write_them(text, ranges):
    assert list(read_ranges(text)) == ranges


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mon-Fri 09:00", "“Mon-Fri 09:00” is not clear"),
        ("Mon-Fri 9-18; sometimes", "“sometimes” is not clear"),
        ("Mon 25:00-26:00", "25:00 in “Mon 25:00-26:00” is not a time of day"),
        ("Mon 09:60-10:00", "09:60 in"),
        ("9-18", "is not clear"),
        ("Mon,", "is not clear"),
        (";".join(f"Mon 09:{minute:02}-18:00" for minute in range(51)), "more than 50 parts of the week"),
        ("M" * 10_000, "is not clear"),
        ("mon " * 5_000 + "!", "is not clear"),
    ],
)
def test_what_is_not_clear_is_said(text, said):
    with pytest.raises(Invalid) as refused:
        read_ranges(text)
    assert said in str(refused.value)
    assert refused.value.field == "covers"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how fast ranges are drawn is the machine's
@given(weekly_ranges())
def test_what_is_written_is_read_as_what_covers_the_same(each):
    each = replace(
        each, start=each.start.replace(second=0, microsecond=0), end=each.end.replace(second=0, microsecond=0)
    )
    if each.days == 0 and each.end <= each.start:
        return
    read = read_ranges(ranges_in_words([each]))
    assert covered(read) == covered((each,))


def test_as_much_as_a_layer_may_cover_is_written_and_read_as_the_same():
    ranges = tuple(weekly(range(7), f"09:{minute:02}", "18:00", 2) for minute in range(50))
    written = ranges_in_words(ranges)
    assert len(written) < LONGEST_RANGES
    assert read_ranges(written) == ranges


def covered(ranges: tuple[WeeklyRange, ...]) -> list[tuple[datetime, datetime]]:
    plan = LayerPlan(
        people=(1,), rotation=Rotation.MONTHS, length=12, handoff_time=time(0), starts_on=date(2025, 1, 6),
        restrictions=ranges,
    )  # fmt: skip
    window = Window(datetime(2025, 2, 3, tzinfo=UTC), datetime(2025, 2, 20, tzinfo=UTC))
    return [(each.start, each.end) for each in compute([plan], [], zone=BERLIN, window=window)]
