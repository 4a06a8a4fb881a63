"""Texts as people compare them."""

from __future__ import annotations

from unicodedata import normalize


def folded(text: str) -> str:
    """``text`` as it is compared: neither case matters, nor whether an accent is a sign of its own (Unicode, NFC)."""
    return normalize("NFC", normalize("NFC", text).casefold())
