"""The cases, and the table of what was done, expected and seen."""

from __future__ import annotations

import textwrap
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from faults.house import House

Run = Callable[[House], str]

COLUMNS = {"case": 18, "what was done": 40, "expected": 36, "seen": 52}


@dataclass(frozen=True)
class Case:
    """One thing that breaks. ``run`` breaks it and says what it saw; what is not as expected it tells the house."""

    name: str
    done: str
    expected: str
    run: Run
    tablespace: bool = False


_cases: dict[str, Case] = {}


def case(name: str, *, done: str, expected: str, tablespace: bool = False) -> Callable[[Run], Run]:
    """Register the decorated function. A case with a ``tablespace`` makes its own database there."""

    def register(run: Run) -> Run:
        _cases[name] = Case(name, done, expected, run, tablespace)
        return run

    return register


def cases() -> dict[str, Case]:
    """Every case by its name, in the order of registration."""
    return dict(_cases)


def head() -> str:
    """The first lines of the table."""
    return f"{_line(*COLUMNS)}\n{_line(*('-' * width for width in COLUMNS.values()))}"


def carry_out(chosen: Case, house: House) -> bool:
    """Run the case and print its line; return whether all was as expected."""
    begun = time.monotonic()
    try:
        if not chosen.tablespace:
            house.ground.new_database()
        seen = chosen.run(house)
    except Exception as error:  # noqa: BLE001  (whatever it is, the line says so and the next case runs)
        house.complaints.append(f"the case itself failed: {error!r}")
        seen = "".join(traceback.format_exception(error)[-3:])
    finally:
        house.close()
    took = f"{time.monotonic() - begun:.0f} s"
    bad = house.complaints
    verdict = "\n".join(["NOT AS EXPECTED:", *(f"- {complaint}" for complaint in bad)]) if bad else "as expected"
    print(_line(f"{chosen.name}\n{took}", chosen.done, chosen.expected, f"{seen}\n{verdict}"), end="\n\n", flush=True)
    return not bad


def _line(*cells: str) -> str:
    wrapped = [
        [part for line in cell.split("\n") for part in textwrap.wrap(line, width) or [""]]
        for cell, width in zip(cells, COLUMNS.values(), strict=True)
    ]
    return "\n".join(
        "  ".join(f"{part:{width}}" for part, width in zip(row, COLUMNS.values(), strict=True)).rstrip()
        for row in zip_longest(*wrapped, fillvalue="")
    )
