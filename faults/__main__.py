"""``python -m faults [case…] [--short]``: break things, print the table, and exit 1 if a line is not as expected."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from types import FrameType

from faults import beside
from faults.forms import FULL, SHORT
from faults.ground import ground


def main() -> int:
    """Run the named cases, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help="by name; all without")
    parser.add_argument("--short", action="store_true", help="the same with small numbers, and more time for each page")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    begun = time.monotonic()
    print("Starting PostgreSQL, Valkey, a mail server and a provider of text messages…", flush=True)
    with ground() as servers:
        # Only now: the settings read the environment when they are imported.
        import faults.preloaded  # noqa: F401
        from faults import cases, table

        known = cases.all_of_them()
        if unknown := set(chosen.cases) - known.keys():
            parser.error(f"there is no case {', '.join(sorted(unknown))}; the cases are {', '.join(known)}")
        names = chosen.cases or [name for name, each in known.items() if not each.by_name_only]
        form = SHORT if chosen.short else FULL
        aside = [name for name in names if known[name].in_no_hurry and form is FULL and len(names) > 1]
        print(f"\n{table.head()}\n", flush=True)
        alone = [name for name in names if aside and known[name].alone]
        lines = [table.carry_out(known[name], servers, form) for name in alone]
        with beside.running(aside) as others:
            rest = [name for name in names if name not in (*alone, *aside)]
            lines += [table.carry_out(known[name], servers, form) for name in rest]
            others_good, told = others.outcome() if others else (True, "")
    print(f"Beside them, with what they left of the machine:\n{told}" if told else "", end="", flush=True)
    print(table.verdict(lines, form, time.monotonic() - begun), flush=True)
    if not others_good:
        print(f"NOT AS EXPECTED beside them: {', '.join(aside)}", flush=True)
    return 0 if others_good and all(line.good for line in lines) else 1


def _end(number: int, frame: FrameType | None) -> None:
    """Leave nothing behind when asked to end: every context is left on the way."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
