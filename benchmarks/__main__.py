"""``python -m benchmarks [name…]``: run the named benchmarks or all, print their tables, exit 1 if a target is missed.

Each runs in a process of its own: the settings are read once a process, and each has servers of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from importlib import import_module

NAMES = ("ingest", "claims", "proof", "rosters", "audit", "lists", "paging")


def main() -> int:
    """Run what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What the house can bear, measured.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; without it: all")
    names = parser.parse_args().names or NAMES
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if len(names) == 1:
        return 0 if import_module(f"benchmarks.{names[0]}").main() else 1
    missed = []
    for name in names:
        print(f"\n== {name}", flush=True)
        begun = time.monotonic()
        if subprocess.run([sys.executable, "-m", "benchmarks", name], check=False).returncode:
            missed.append(name)
        print(f"({time.monotonic() - begun:.0f} s)", flush=True)
    print(f"\n{'Missed: ' + ', '.join(missed) if missed else 'Every target is met.'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
