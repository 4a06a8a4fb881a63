"""Durations and delays as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import durations
from apps.core.durations import DurationError, Fixed, Fraction, NextBusinessDay, Target, Targets

P0 = Targets(response=timedelta(minutes=15), resolution=timedelta(hours=2))
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Calendar:
    """Says that the next business day ends on Tuesday at 17:00."""

    def end_of_next_business_day(self, after: datetime) -> datetime:
        return datetime(2026, 3, 3, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("5d", timedelta(days=5)),
        ("1.5h", timedelta(minutes=90)),
        ("0m", timedelta(0)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text, span):
    assert durations.parse(text) == span


@pytest.mark.parametrize(
    "text", ["", "15", "m", "15 m", "15 minutes", "-15m", "1e3s", "15M", "2w", "15m\n", "٣m", "off"]
)
def test_anything_else_is_refused_with_what_was_expected(text):
    with pytest.raises(DurationError, match="expected a duration such as 15m, 2h or 5d, got "):
        durations.parse(text)


@pytest.mark.parametrize("text", ["3661d", "99999999999999999999d"])
def test_a_span_over_ten_years_is_refused(text):
    with pytest.raises(DurationError, match="at most ten years"):
        durations.parse(text)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3660)))
def test_format_and_parse_are_each_others_inverse(span):
    assert durations.parse(durations.format(span)) == span


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("60m", "1h"), ("90m", "90m"), ("24h", "1d"), ("120s", "2m"), ("0s", "0m"), ("0.5s", "0.5s")],
)
def test_the_largest_unit_without_a_fraction_is_written(text, canonical):
    assert durations.format(durations.parse(text)) == canonical


def test_a_negative_span_has_no_text():
    with pytest.raises(DurationError, match="never negative"):
        durations.format(timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("text", "delay", "due"),
    [
        ("immediately", Fixed(timedelta(0)), MONDAY),
        ("30m", Fixed(timedelta(minutes=30)), MONDAY + timedelta(minutes=30)),
        ("response/3", Fraction(Target.RESPONSE, 3), MONDAY + timedelta(minutes=5)),
        ("resolution/4", Fraction(Target.RESOLUTION, 4), MONDAY + timedelta(minutes=30)),
        ("next_business_day", NextBusinessDay(), datetime(2026, 3, 3, 17, 0, tzinfo=UTC)),
    ],
)
def test_a_delay_says_when_something_is_due(text, delay, due):
    assert durations.parse_delay(text) == delay
    assert durations.parse_delay(str(delay)) == delay
    assert delay.due(MONDAY, targets=P0, calendar=Calendar()) == due


@pytest.mark.parametrize("text", ["response/0", "update/3", "response / 3", "soon", "off"])
def test_a_delay_that_nobody_knows_is_refused(text):
    with pytest.raises(DurationError, match="next_business_day"):
        durations.parse_delay(text)
