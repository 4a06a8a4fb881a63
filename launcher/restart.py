"""``python -m launcher.restart``: the product's processes of a running ``make run``, ended in order and started anew.

The launcher starts again what ends; database, broker and sandbox stay as they are, and nothing that was accepted is
lost. Where nothing runs it changes nothing.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from launcher.configuration import Configuration

#: What the product's own processes are known by in their command lines.
PROGRAMS = ("granian", "-A ado_incidents", "engine run")
#: So long (seconds) a process has to end, and the house to be ready again.
PATIENCE, READY_WITHIN = 20.0, 90.0
NOTHING_RUNS = 3


def main() -> int:
    """0 once the house is ready again, 1 if it is not in time, 3 where none runs on DATA_DIR."""
    configuration = Configuration.read(os.environ)
    told = _launcher(configuration.data_dir)
    if told is None:
        print(f"Nothing runs on {configuration.data_dir}; start it with: make run", file=sys.stderr)
        return NOTHING_RUNS
    launcher, port = told
    ours = [process for process in launcher.children() if any(name in _command(process) for name in PROGRAMS)]
    for process in ours:
        print(f"Ending {process.pid}: {_command(process)[:100]}")
        process.terminate()
    _, stubborn = psutil.wait_procs(ours, timeout=PATIENCE)
    for process in stubborn:
        process.kill()
    url = f"http://127.0.0.1:{port}/readyz"
    if not _answers(url):
        print(f"{url} does not answer 200 after {READY_WITHIN:.0f} s; look into the logs.", file=sys.stderr)
        return 1
    print(f"Ready again: {url}")
    return 0


def _launcher(data_dir: Path) -> tuple[psutil.Process, int] | None:
    """The launcher that runs on ``data_dir`` and its port; None where none does.

    Its children are asked for and not the mark in their environment: some write their title over that.
    """
    try:
        with (data_dir / "launcher.lock").open("r+", encoding="utf-8") as file:
            pid, _, port = file.read().strip().partition(" ")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return psutil.Process(int(pid)), int(port)
    except (OSError, ValueError, psutil.Error):
        pass
    return None


def _command(process: psutil.Process) -> str:
    """The command line, empty of a process that is gone."""
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.Error:
        return ""


def _answers(url: str) -> bool:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (a loopback address)
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.5)
    return False


if __name__ == "__main__":
    raise SystemExit(main())
