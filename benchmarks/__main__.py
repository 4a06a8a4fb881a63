"""``python -m benchmarks``: run every benchmark, print its table, and exit 1 if one misses its target."""

from __future__ import annotations

import sys

from benchmarks import ingest

if __name__ == "__main__":
    sys.exit(0 if ingest.main() else 1)
