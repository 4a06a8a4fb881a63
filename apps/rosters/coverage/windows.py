"""Sums and parts of stretches of time: UTC, half-open, each list in order and free of overlaps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from apps.rosters.rules import Window, clipped


def merged(windows: Iterable[Window]) -> list[Window]:
    """The time that lies in any of ``windows``, which may come in any order; what touches becomes one."""
    found: list[Window] = []
    for each in sorted(windows, key=lambda window: window.start):
        if found and each.start <= found[-1].end:
            if each.end > found[-1].end:
                found[-1] = Window(found[-1].start, each.end)
        elif each.start < each.end:
            found.append(each)
    return found


def within(windows: Iterable[Window], limit: Window) -> list[Window]:
    """What of ``windows`` lies within ``limit``."""
    return list(clipped(windows, limit))


def total(windows: Iterable[Window]) -> timedelta:
    """How long all of ``windows`` last together: elapsed time, whatever the clocks on the walls do."""
    return sum((each.end - each.start for each in windows), timedelta())
