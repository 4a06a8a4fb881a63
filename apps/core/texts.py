"""Texts as people compare them, and as PostgreSQL keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unicodedata import category, normalize

#: The Unicode categories of signs that are not seen: those that only change others (marks of direction, spaces without
#: width), and controls.
UNSEEN = ("Cf", "Cc")
#: Those of them that several scripts and emoji are written with.
JOINERS = "\u200c\u200d"


def folded(text: str) -> str:
    """``text`` as it is compared: neither case matters, nor whether an accent is a sign of its own (Unicode, NFC)."""
    return normalize("NFC", normalize("NFC", text).casefold())


def one_line(words: str) -> str:
    """``words`` on one line, without the signs that are not seen: some turn the direction of whatever follows them.

    Empty where nothing that is seen is left.
    """
    seen = "".join(sign for sign in words if sign.isspace() or sign in JOINERS or category(sign) not in UNSEEN)
    told = " ".join(seen.split())
    return told if told.strip(JOINERS) else ""


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
