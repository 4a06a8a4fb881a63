"""Instants and spans as the templates write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.desk.templatetags import house


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 3, 2, 13, 5, tzinfo=UTC), "14:05 CET"),
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), "3 Mar 00:30 CET"),
        (datetime(2026, 7, 1, 8, 0, tzinfo=UTC), "1 Jul 10:00 CEST"),
        (datetime(2025, 12, 31, 22, 0, tzinfo=UTC), "31 Dec 2025 23:00 CET"),
    ],
)
def test_an_instant_is_written_in_the_viewers_zone_with_no_more_than_is_needed(clock, at, text):
    with timezone.override("Europe/Berlin"):
        assert house.absolute(at) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(minutes=15), "15 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=24), "24 h"),
        (timedelta(hours=72), "72 h"),
        (timedelta(days=5), "5 d"),
        (timedelta(minutes=90), "1 h 30 min"),
    ],
)
def test_a_target_is_written_as_policy_writes_it(length, text):
    assert house.hours(length) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [(timedelta(), "0 h"), (timedelta(days=7), "168 h"), (timedelta(days=90, minutes=29), "2160 h")],
)
def test_sums_of_hours_are_written_alike(length, text):
    assert house.in_hours(length) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [("Sarah Johnson", "SJ"), ("Ana Maria de la Cruz", "AC"), ("Cher", "C"), ("mike.chen@example.com", "MC")],
)
def test_initials_are_at_most_two_letters(name, text):
    assert house.initials(name) == text


def test_an_instant_carries_its_exact_time_for_scripts_and_escapes_nothing_away(clock):
    markup = house.when(datetime(2026, 3, 2, 10, 0, tzinfo=UTC), "countdown")
    assert 'datetime="2026-03-02T10:00:00+00:00"' in markup
    assert "data-countdown" in markup
