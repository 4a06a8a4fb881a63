"""Until when services are covered by windows, by table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.catalog.rules import Span, check_times, covered_until
from apps.core.errors import Invalid

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
API, CLI = 1, 2


def hours(count: float) -> datetime:
    return NOON + timedelta(hours=count)


def span(start: float, end: float, *services: int) -> Span:
    """A window from ``start`` to ``end`` hours after noon; without services: of all there are."""
    return Span(hours(start), hours(end), frozenset(services) or None)


@pytest.mark.parametrize(
    ("spans", "services", "until"),
    [
        ([], {API}, None),
        ([span(0, 1, API)], {API}, 1),
        ([span(-1, 0, API)], {API}, None),  # its end is outside of it
        ([span(1, 2, API)], {API}, None),
        ([span(0, 1, CLI)], {API}, None),
        ([span(0, 1)], {API}, 1),
        ([span(0, 1)], set(), 1),
        ([span(0, 1, API)], set(), None),  # what belongs to no service is covered by all services alone
        ([span(0, 1, API)], {API, CLI}, None),
        ([span(0, 1, API), span(-2, 3, CLI)], {API, CLI}, 1),
        ([span(0, 2, API), span(1, 3, API)], {API}, 3),
        ([span(0, 2, API), span(0, 1, API)], {API}, 2),
        ([span(0, 1, API), span(1, 2)], {API}, 2),  # one follows at once
        ([span(1, 2), span(0, 1, API)], {API}, 2),  # in whichever order they were planned
        ([span(0, 1, API), span(1.5, 2, API)], {API}, 1),
        ([span(0, 4), span(0, 1, API)], {API, CLI}, 4),
        ([span(0, 1, API), span(1, 5, API), span(0, 3, CLI)], {API, CLI}, 3),
    ],
)
def test_services_are_covered_until_the_first_of_them_is_free(spans, services, until):
    assert covered_until(spans, services, NOON) == (hours(until) if until is not None else None)


def test_the_first_instant_is_covered_and_the_last_is_not():
    window = [span(0, 1, API)]
    assert covered_until(window, {API}, hours(1) - timedelta(microseconds=1)) == hours(1)
    assert covered_until(window, {API}, hours(1)) is None
    assert covered_until(window, {API}, NOON - timedelta(microseconds=1)) is None


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [(1, 1, "after the start"), (1, 0.5, "after the start"), (-3, -1, "has passed"), (-3, 0, "has passed"),
     (1, 1 + 7 * 24 + 0.01, "7 days at most")],
)  # fmt: skip
def test_times_that_make_no_window_are_refused(start, end, why):
    with pytest.raises(Invalid, match=why) as refused:
        check_times(hours(start), hours(end), now=NOON, longest=timedelta(days=7))
    assert refused.value.field == "ends_at"


def test_a_week_is_allowed():
    check_times(hours(0), hours(7 * 24), now=NOON, longest=timedelta(days=7))
