"""How single statuses make a day and the whole page. No database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.communications.models import ComponentStatus as Status
from apps.communications.models import PublicImpact as Impact
from apps.communications.status_page import rules
from apps.communications.status_page.rules import Span

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("components", "impacts", "indicator"),
    [
        ([], [], "none"),
        ([Status.OPERATIONAL], [], "none"),
        ([Status.OPERATIONAL, Status.MAINTENANCE], [], "maintenance"),
        ([Status.MAINTENANCE, Status.DEGRADED], [], "minor"),
        ([Status.PARTIAL, Status.DEGRADED], [], "major"),
        ([Status.MAJOR, Status.PARTIAL], [], "critical"),
        ([Status.OPERATIONAL], [Impact.NONE], "none"),
        ([Status.OPERATIONAL], [Impact.MINOR, Impact.CRITICAL], "critical"),
        ([Status.MAJOR], [Impact.MINOR], "critical"),
    ],
)
def test_the_page_is_as_bad_as_the_worst_of_it(components, impacts, indicator):
    assert rules.overall(components, impacts).indicator == indicator


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([Span(at(8, 23), at(9), Status.MAJOR)], [(8, Status.MAJOR)]),
        ([Span(at(8, 23), at(9, 1), Status.MAJOR)], [(8, Status.MAJOR), (9, Status.MAJOR)]),
        ([Span(at(9), None, Status.DEGRADED)], [(9, Status.DEGRADED), (10, Status.DEGRADED)]),
        (
            [Span(at(9), at(9, 2), Status.DEGRADED), Span(at(9, 2), at(9, 3), Status.MAJOR)],
            [(9, Status.MAJOR)],
        ),
        ([Span(at(1), at(8, 1), Status.PARTIAL)], [(8, Status.PARTIAL)]),
        ([Span(at(1), at(8), Status.PARTIAL)], []),
        ([Span(at(10, 12), None, Status.PARTIAL)], [(10, Status.PARTIAL)]),
    ],
)
def test_a_day_is_as_bad_as_its_worst_moment(spans, expected):
    found = rules.days(spans, now=NOW, shown=3)
    assert [day for day, _ in found] == [date(2026, 3, day) for day in (8, 9, 10)]
    bad = [(day.day, status) for day, status in found if status != Status.OPERATIONAL]
    assert bad == expected


def test_days_are_those_of_utc():
    zone = datetime(2026, 3, 10, 1, 0).astimezone(UTC).tzinfo
    ((day, status),) = rules.days(
        [Span(NOW - timedelta(hours=1), None, Status.MAJOR)], now=NOW.astimezone(zone), shown=1
    )
    assert (day, status) == (date(2026, 3, 10), Status.MAJOR)
