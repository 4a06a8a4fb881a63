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
from faults.verdict import last_words


def main() -> int:
    """Run the named cases, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help="by name; all without")
    parser.add_argument("--short", action="store_true", help="the same with small numbers, and more time for each page")
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    begun = time.monotonic()
    if not chosen.beside:
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
        if chosen.beside:
            beside.tell([table.carry_out(known[name], servers, form) for name in names])
            return 0
        print(f"\n{table.head()}\n", flush=True)
        aside = [name for name in names if known[name].in_no_hurry and form is FULL and len(names) > 1]
        with beside.running(aside) as others:
            lines = [table.carry_out(known[name], servers, form) for name in names if name not in aside]
            lines += others.finish() if others else []
    print(last_words(lines, form, time.monotonic() - begun), flush=True)
    return 0 if all(line.good for line in lines) else 1


def _end(number: int, frame: FrameType | None) -> None:
    """Leave nothing behind when asked to end: every context is left on the way."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
