"""Texts as people compare and see them."""

from __future__ import annotations

from unicodedata import category, normalize

#: The Unicode categories of signs that are not seen: those that only change others (marks of direction, spaces without
#: width), and controls.
UNSEEN = ("Cf", "Cc")
#: Those of them that several scripts and emoji are written with.
JOINERS = "\u200c\u200d"

#: Any number of so many digits fits into 64 bits.
LONGEST_NUMBER = 18


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


def is_number(text: str) -> bool:
    """Whether ``text`` can be the number of a row: digits, and no more of them than the database has room for."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
