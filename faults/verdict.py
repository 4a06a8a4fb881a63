"""What became of the cases, and the last words about all of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from faults.forms import Form


class Line(NamedTuple):
    """What became of a case: whether all was as expected, and how long it took (seconds)."""

    name: str
    good: bool
    seconds: float


def last_words(lines: Sequence[Line], form: Form, seconds: float) -> str:
    """What all of it took, how busy the machine was, and which cases were not as expected."""
    bad = [line.name for line in lines if not line.good]
    slowest = sorted(lines, key=lambda line: line.seconds, reverse=True)[:3]
    took = (
        f"{len(lines)} cases in the {form.name} form took {seconds / 60:.1f} min, the longest "
        f"{', '.join(f'{line.name} ({line.seconds:.0f} s)' for line in slowest)}; load {os.getloadavg()[2]:.1f} on "
        f"{os.cpu_count()} cores."
    )
    if bad:
        return f"{took}\n{len(bad)} of {len(lines)} cases NOT AS EXPECTED: {', '.join(bad)}"
    return f"{took}\nAll {len(lines)} cases as expected."
