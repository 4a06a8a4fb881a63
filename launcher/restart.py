"""``python -m launcher.restart``: the product's processes of a running ``make run``, ended in order and started anew.

The launcher starts again what ends; database, broker and sandbox stay as they are, and nothing that was accepted is
lost. Where nothing runs it changes nothing.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request

import psutil

from launcher.children import MARK
from launcher.configuration import Configuration

#: What the product's own processes are known by in their command lines.
PROGRAMS = ("granian", "celery -A ado_incidents", "manage.py engine run")
#: So long (seconds) a process has to end, and the house to be ready again.
PATIENCE, READY_WITHIN = 20.0, 90.0
NOTHING_RUNS = 3


def main() -> int:
    """0 once the house is ready again, 1 if it is not in time, 3 where none runs on DATA_DIR."""
    configuration = Configuration.read(os.environ)
    ours = _processes(str(configuration.data_dir))
    if not ours:
        print(f"Nothing runs on {configuration.data_dir}; start it with: make run", file=sys.stderr)
        return NOTHING_RUNS
    for process in ours:
        print(f"Ending {process.pid}: {_command(process)[:100]}")
        process.terminate()
    _, stubborn = psutil.wait_procs(ours, timeout=PATIENCE)
    for process in stubborn:
        process.kill()
    url = f"http://127.0.0.1:{_port(configuration)}/readyz"
    if not _answers(url):
        print(f"{url} does not answer 200 after {READY_WITHIN:.0f} s; look into the logs.", file=sys.stderr)
        return 1
    print(f"Ready again: {url}")
    return 0


def _processes(data_dir: str) -> list[psutil.Process]:
    """The product's processes that the launcher on ``data_dir`` started, not what these started themselves."""
    found = [each for each in psutil.process_iter() if _is_ours(each, data_dir)]
    return [each for each in found if each.ppid() not in {other.pid for other in found}]


def _is_ours(process: psutil.Process, data_dir: str) -> bool:
    try:
        marked = process.environ().get(MARK) == data_dir
        return marked and any(name in _command(process) for name in PROGRAMS)
    except (psutil.Error, OSError):
        return False


def _command(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


def _port(configuration: Configuration) -> int:
    """The port of the launcher that runs, whatever PORT says here."""
    told = (configuration.data_dir / "launcher.lock").read_text(encoding="utf-8").split()
    return int(told[1]) if len(told) > 1 else configuration.port


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
