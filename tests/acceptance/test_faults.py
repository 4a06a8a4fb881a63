"""Everything that may break, broken with small numbers: the short form of ``make faults``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from faults.cases import all_of_them

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900), pytest.mark.xdist_group("house")]

PROJECT = Path(__file__).resolve().parents[2]

#: All that `make faults` breaks, in two halves that take as long as one another and run beside one another: they wait
#: most of the time.
HALVES = (
    (
        "worker killed", "beat gone", "clock off by 2 min", "broker gone", "SMTP refuses one", "SMTP breaks off",
        "provider broken", "provider is nonsense", "old payloads", "DNS gone", "poison",
    ),
    (
        "acknowledge races", "two and a standby", "PostgreSQL restarted", "disk full", "SMTP slow for one", "SMTP busy",
        "SMTP vanishes", "provider busy", "provider hangs", "provider breaks off", "provider slow", "murder",
    ),
)  # fmt: skip


def test_whatever_breaks_every_page_is_sent_once() -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "faults", "--short", *half],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=PROJECT,
        )
        for half in HALVES
    ]  # fmt: skip
    try:
        told = [run.communicate()[0] for run in runs]
    finally:
        for run in runs:
            run.terminate()  # each leaves nothing behind; harmless once it has ended
    assert [run.returncode for run in runs] == [0, 0], "\n".join(told)
    assert all(f"All {len(half)} cases as expected." in text for half, text in zip(HALVES, told, strict=True))


def test_no_case_is_left_out() -> None:
    wanted = sorted(name for name, case in all_of_them().items() if not case.by_name_only)
    assert sorted(name for half in HALVES for name in half) == wanted
