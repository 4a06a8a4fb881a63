"""``python -m faults [case…] [--short]``: break things, print the table, and exit 1 if a line is not as expected."""

from __future__ import annotations

import argparse
import sys
import time

from faults.ground import ground


def main() -> int:
    """Run the named cases, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help="by name; all without")
    parser.add_argument("--short", action="store_true", help="the same with small numbers")
    chosen = parser.parse_args()
    begun = time.monotonic()
    print("Starting PostgreSQL, Valkey and a mail server…", flush=True)
    with ground() as servers:
        # Only now: the settings read the environment when they are imported.
        import faults.preloaded  # noqa: F401
        from faults import cases, table
        from faults.house import House

        known = cases.all_of_them()
        if unknown := set(chosen.cases) - known.keys():
            parser.error(f"there is no case {', '.join(sorted(unknown))}; the cases are {', '.join(known)}")
        names = chosen.cases or list(known)
        print(f"\n{table.head()}\n", flush=True)
        bad = [name for name in names if not table.carry_out(known[name], House(servers, short=chosen.short))]
    minutes = (time.monotonic() - begun) / 60
    if bad:
        print(f"{len(bad)} of {len(names)} cases NOT AS EXPECTED after {minutes:.1f} min: {', '.join(bad)}", flush=True)
        return 1
    print(f"All {len(names)} cases as expected after {minutes:.1f} min.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
