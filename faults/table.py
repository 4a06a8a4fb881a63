"""The cases, and the table of what was done, expected and seen."""

from __future__ import annotations

import textwrap
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from faults.forms import Form, Numbers
from faults.ground import Ground
from faults.house import House
from faults.verdict import Line

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

    def done_in(self, form: Form) -> str:
        """What was done, in the numbers of the form. Raises KeyError for one that is named and not there."""
        return self.done.format(**form.numbers(self.numbers))


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
) -> Callable[[Run], Run]:
    """Register the decorated function. A case with a ``tablespace`` makes its own database there.

    One ``by_name_only`` is not carried out where all are; one ``in_no_hurry``, where nothing depends on how fast the
    machine is, goes on beside the others in the full form, and they beside it.
    """

    def register(run: Run) -> Run:
        _cases[name] = Case(name, numbers, done, expected, run, tablespace, by_name_only, in_no_hurry)
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


def _line(*cells: str) -> str:
    wrapped = [
        [part for line in cell.split("\n") for part in textwrap.wrap(line, width) or [""]]
        for cell, width in zip(cells, COLUMNS.values(), strict=True)
    ]
    return "\n".join(
        "  ".join(f"{part:{width}}" for part, width in zip(row, COLUMNS.values(), strict=True)).rstrip()
        for row in zip_longest(*wrapped, fillvalue="")
    )
