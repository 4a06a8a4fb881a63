"""Spans of time in words, for timelines and messages."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def in_words(span: timedelta) -> str:
    """The two largest units of ``span``, such as ``1 h 5 min``; less than a second is ``0 s``, the sign is dropped."""
    rest = abs(int(span.total_seconds()))
    parts = []
    for unit, seconds in _UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
