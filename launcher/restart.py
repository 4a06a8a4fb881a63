"""``python -m launcher.restart``: the product's processes of a running ``make run``, one after the other anew.

The launcher starts again what ends, and the next is ended once it did: what one does, others do meanwhile. Database,
broker and sandbox stay as they are, and nothing that was accepted is lost. Where nothing runs it changes nothing.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from launcher.configuration import Configuration

#: What the product's own processes are known by in their command lines, in the order in which they are ended.
PROGRAMS = ("granian", "ado_incidents worker", "ado_incidents beat", "engine run")
#: So long (seconds) a process has to end, and what was ended to be there again.
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
    url = f"http://127.0.0.1:{port}/readyz"
    missing = [program for program in PROGRAMS if not _anew(launcher, program)]
    for program in missing:
        print(f"{program} is not there again after {READY_WITHIN:.0f} s; look into the logs.", file=sys.stderr)
    if not _until(lambda: _answers(url)):
        print(f"{url} does not answer 200 after {READY_WITHIN:.0f} s; look into the logs.", file=sys.stderr)
        return 1
    print(f"Ready again: {url}")
    return 1 if missing else 0


def _anew(launcher: psutil.Process, program: str) -> bool:
    """End the processes of ``program`` one after the other; whether as many were there again each time."""
    present = _running(launcher, program)
    for process in present:
        print(f"Ending {process.pid}: {_command(process)[:100]}")
        _end(process)
        if not _until(lambda: len(_running(launcher, program)) >= len(present)):
            return False
    return True


def _running(launcher: psutil.Process, program: str) -> list[psutil.Process]:
    return [process for process in launcher.children() if program in _command(process)]


def _end(process: psutil.Process) -> None:
    """Ask it to end, and make it once PATIENCE is over; one that is gone by itself has ended."""
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        process.terminate()
        try:
            process.wait(PATIENCE)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)


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
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (a loopback address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _until(done: Callable[[], bool]) -> bool:
    """Wait READY_WITHIN for it, and say whether it came."""
    until = time.monotonic() + READY_WITHIN
    while not (is_done := done()) and time.monotonic() < until:
        time.sleep(0.2)
    return is_done


if __name__ == "__main__":
    raise SystemExit(main())
