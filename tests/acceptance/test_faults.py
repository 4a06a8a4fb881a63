"""Everything that may break, broken with small numbers: the short form of ``make faults``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900), pytest.mark.xdist_group("house")]

PROJECT = Path(__file__).resolve().parents[2]

#: What is quick and does not depend on how fast the machine is; `make faults` has all of it.
CASES = (
    "worker killed", "beat gone", "two and a standby", "clock off by 2 min", "broker gone", "PostgreSQL restarted",
    "disk full", "SMTP refuses one", "SMTP slow for one", "SMTP busy", "SMTP breaks off", "SMTP vanishes", "poison",
)  # fmt: skip


def test_whatever_breaks_every_page_is_sent_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "faults", "--short", *CASES], check=False, capture_output=True, text=True, cwd=PROJECT
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "cases as expected" in done.stdout
