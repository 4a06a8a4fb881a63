"""Sums and parts of stretches of time: UTC, half-open, each list in order and free of overlaps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from apps.rosters.rules import Span, Window


def merged(windows: Iterable[Span]) -> list[Window]:
    """The time that lies in any of ``windows``, which may come in any order; what touches becomes one."""
    found: list[Window] = []
    for each in sorted(windows, key=lambda window: window.start):
        if found and each.start <= found[-1].end:
            if each.end > found[-1].end:
                found[-1] = Window(found[-1].start, each.end)
        elif each.start < each.end:
            found.append(Window(each.start, each.end))
    return found


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
