"""The two forms of every case: with the numbers that count, and with small ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Numbers = Mapping[str, tuple[int, int]]
"""How many of what, by name: in the full form, and in the short one."""


@dataclass(frozen=True)
class Form:
    """``patience``: how many times as long as on two idle cores a page may take; there is none for what is lost or
    comes twice."""

    name: str
    column: int
    patience: int

    def numbers(self, both: Numbers) -> dict[str, int]:
        """The numbers of this form."""
        return {name: numbers[self.column] for name, numbers in both.items()}


FULL = Form("full", column=0, patience=1)
"""For a machine with two cores and nothing else to do, whose limits are meant as they stand."""
SHORT = Form("short", column=1, patience=6)
"""For CI, where each change is tried, on a machine that may be slow and have more to do: limits of a minute or so."""
