"""Cases that are in no hurry, carried out beside the others with what those leave of the machine.

They have servers, a database and processes of their own, and nobody's promptness is measured by them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from faults.verdict import Line

PROJECT = Path(__file__).resolve().parents[1]
LOWEST = 19
"""Of nice(1)."""
LAST_WORD = "LINES "
"""What the last line of their output begins with: what became of each, for the one table of all."""
PATIENCE = 1200
"""For so long (seconds) they may go on once the others have ended."""


@dataclass
class Run:
    """``python -m faults`` with some cases, under way."""

    names: Sequence[str]
    _process: subprocess.Popen[str]
    _output: IO[str]

    def finish(self) -> list[Line]:
        """Wait until it has ended, print its part of the table, and return what became of each case.

        One that it did not come to, because it failed or took longer than PATIENCE, is not as expected.
        """
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self._output.seek(0)
        table, _, last = self._output.read().rpartition(LAST_WORD)
        print(table or last, end="", flush=True)
        told = {name: Line(name, good, seconds) for name, good, seconds in (json.loads(last) if table else ())}
        return [told.get(name, Line(name, good=False, seconds=0.0)) for name in self.names]


@contextmanager
def running(names: Sequence[str]) -> Iterator[Run | None]:
    """Carry ``names`` out beside the block, in the full form; None where there are none. Ends with the block."""
    if not names:
        yield None
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", "from faults.beside import main; main()", "--beside", *names],
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


def tell(lines: Sequence[Line]) -> None:
    """Say to ``Run.finish`` what became of each."""
    print(f"{LAST_WORD}{json.dumps(lines)}", flush=True)


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
