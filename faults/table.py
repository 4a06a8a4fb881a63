"""The cases, and the table of what was done, expected and seen."""

from __future__ import annotations

import os
import textwrap
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from faults.forms import Form, Numbers
from faults.ground import Ground
from faults.house import House

Run = Callable[[House], str]

COLUMNS = {"case": 18, "what was done": 40, "expected": 36, "seen": 52}


@dataclass(frozen=True)
class Case:
    """One thing that breaks. ``run`` breaks it and says what it saw; what is not as expected it tells the house.

    ``done`` names the ``numbers`` in braces, so that the line tells what was done in the form that ran.
    """

    name: str
    numbers: Numbers
    done: str
    expected: str
    run: Run
    tablespace: bool = False
    by_name_only: bool = False
    in_no_hurry: bool = False
    alone: bool = False

    def done_in(self, form: Form) -> str:
        """What was done, in the numbers of the form. Raises KeyError for one that is named and not there."""
        return self.done.format(**form.numbers(self.numbers))


@dataclass(frozen=True)
class Line:
    """What became of a case: whether all was as expected, and how long it took (seconds)."""

    name: str
    good: bool
    seconds: float


_cases: dict[str, Case] = {}


def case(
    name: str,
    *,
    numbers: Numbers,
    done: str,
    expected: str,
    tablespace: bool = False,
    by_name_only: bool = False,
    in_no_hurry: bool = False,
    alone: bool = False,
) -> Callable[[Run], Run]:
    """Register the decorated function. A case with a ``tablespace`` makes its own database there.

    One ``by_name_only`` is not carried out where all are; one ``in_no_hurry``, where nothing depends on how fast the
    machine is, goes on beside the others in the full form, and they beside it, but for one that is ``alone`` because it
    keeps the whole machine busy.
    """

    def register(run: Run) -> Run:
        _cases[name] = Case(name, numbers, done, expected, run, tablespace, by_name_only, in_no_hurry, alone)
        return run

    return register


def cases() -> dict[str, Case]:
    """Every case by its name, in the order of registration."""
    return dict(_cases)


def head() -> str:
    """The first lines of the table."""
    return f"{_line(*COLUMNS)}\n{_line(*('-' * width for width in COLUMNS.values()))}"


def carry_out(chosen: Case, ground: Ground, form: Form) -> Line:
    """Run the case and print its line."""
    begun = time.monotonic()
    house = House(ground, form=form, numbers=form.numbers(chosen.numbers))
    try:
        if not chosen.tablespace:
            ground.new_database()
        seen = chosen.run(house)
    except Exception as error:  # noqa: BLE001  (whatever it is, the line says so and the next case runs)
        house.complaints.append(f"the case itself failed: {error!r}")
        seen = "".join(traceback.format_exception(error)[-3:])
    finally:
        house.close()
    took, bad = time.monotonic() - begun, house.complaints
    verdict = "\n".join(["NOT AS EXPECTED:", *(f"- {complaint}" for complaint in bad)]) if bad else "as expected"
    cells = (f"{chosen.name}\n{took:.0f} s", chosen.done_in(form), chosen.expected, f"{seen}\n{verdict}")
    print(_line(*cells), end="\n\n", flush=True)
    return Line(chosen.name, not bad, took)


def verdict(lines: Sequence[Line], form: Form, seconds: float) -> str:
    """The last words: what all of it took, how busy the machine was, and which cases were not as expected."""
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


def _line(*cells: str) -> str:
    wrapped = [
        [part for line in cell.split("\n") for part in textwrap.wrap(line, width) or [""]]
        for cell, width in zip(cells, COLUMNS.values(), strict=True)
    ]
    return "\n".join(
        "  ".join(f"{part:{width}}" for part, width in zip(row, COLUMNS.values(), strict=True)).rstrip()
        for row in zip_longest(*wrapped, fillvalue="")
    )
