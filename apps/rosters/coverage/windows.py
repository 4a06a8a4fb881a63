"""Sums and parts of stretches of time: UTC, half-open, each list in order and free of overlaps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from apps.rosters.rules import Span, Window


def within(windows: Iterable[Span], limit: Span) -> list[Window]:
    """What of ``windows`` lies within ``limit``."""
    return [
        Window(max(each.start, limit.start), min(each.end, limit.end))
        for each in windows
        if max(each.start, limit.start) < min(each.end, limit.end)
    ]


def total(windows: Iterable[Span]) -> timedelta:
    """How long all of ``windows`` last together: elapsed time, whatever the clocks on the walls do."""
    return sum((each.end - each.start for each in windows), timedelta())
