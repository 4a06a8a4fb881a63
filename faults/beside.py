"""Cases that are in no hurry, carried out beside the others with what those leave of the machine.

They have servers, a database and processes of their own, and nobody's promptness is measured by them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[1]
LOWEST = 19
"""Of nice(1)."""


@dataclass
class Run:
    """``python -m faults`` with some cases, under way."""

    names: Sequence[str]
    _process: subprocess.Popen[str]
    _output: IO[str]

    def outcome(self) -> tuple[bool, str]:
        """Whether all was as expected, and everything that it printed, once it has ended."""
        good = self._process.wait() == 0
        self._output.seek(0)
        return good, self._output.read()


@contextmanager
def running(names: Sequence[str]) -> Iterator[Run | None]:
    """Carry ``names`` out beside the block, in the full form; None where there are none. Ends with the block."""
    if not names:
        yield None
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", "from faults.beside import main; main()", *names],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=PROJECT,
            start_new_session=True,
        )
        try:
            yield Run(names, process, output)
        finally:
            process.terminate()  # it leaves nothing behind; harmless once it has ended
            process.wait()


def stand_back(backend: int) -> None:
    """Let a process of PostgreSQL stand back with the case in no hurry that it works for: it has its own session."""
    if os.getpriority(os.PRIO_PROCESS, 0) < LOWEST:
        return
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, backend, LOWEST)
        Path(f"/proc/{backend}/autogroup").write_text(str(LOWEST))


def main() -> None:
    """Stand back behind everybody else, and be ``python -m faults`` then."""
    os.nice(LOWEST)
    with suppress(OSError):
        # Where the kernel shares the processor among sessions first, niceness counts only within one (sched(7)).
        Path("/proc/self/autogroup").write_text(str(LOWEST))
    os.execv(sys.executable, [sys.executable, "-m", "faults", *sys.argv[1:]])  # noqa: S606  (there is no shell to want)
