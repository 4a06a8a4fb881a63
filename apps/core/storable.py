"""What of JSON PostgreSQL can keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def texts_in(data: Any) -> Iterator[str]:
    """Every text of what JSON said, the names of fields too, in no order."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value


def why_unstorable(text: str) -> str:
    """Why PostgreSQL cannot keep ``text``; empty if it can."""
    if "\x00" in text:
        return "Text must not contain the NUL character."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "Text must not contain half of a surrogate pair."
    return ""
