"""Moments in forms on the days when the clocks change."""

from __future__ import annotations

from datetime import UTC

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.core.moments import LocalMoment


@pytest.mark.parametrize(
    ("entered", "utc"),
    [
        ("2026-03-02T09:00", "2026-03-02 08:00"),
        ("2026-03-29T02:30", "2026-03-29 01:00"),  # does not exist: the first instant after it
        ("2026-10-25T02:30", "2026-10-25 00:30"),  # comes twice: its first
        ("2026-10-25T02:30+01:00", "2026-10-25 01:30"),
        ("2026-10-25T02:30Z", "2026-10-25 02:30"),
    ],
)
def test_a_wall_time_is_read_by_the_clock_of_the_active_zone(entered, utc):
    with timezone.override("Europe/Berlin"):
        found = LocalMoment().clean(entered)
    assert found is not None
    assert f"{found.astimezone(UTC):%Y-%m-%d %H:%M}" == utc


@pytest.mark.parametrize("entered", ["soon", "2026-02-30T09:00", "2026-03-02T25:00"])
def test_what_is_no_moment_is_refused(entered):
    with pytest.raises(ValidationError):
        LocalMoment().clean(entered)


@pytest.mark.parametrize("entered", ["0001-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_the_first_and_the_last_day_that_there_are_are_read_and_refused(entered, zone):
    with timezone.override(zone):
        found = LocalMoment().to_python(entered)
        assert found is not None
        assert found.year == int(entered[:4])
        with pytest.raises(ValidationError, match="Expected a day"):
            LocalMoment().clean(entered)


def test_nothing_is_nothing_where_nothing_is_needed():
    assert LocalMoment(required=False).clean("") is None
