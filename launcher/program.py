"""One process of the house: the web server, a worker, the sandbox."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from launcher import children


class Program:
    """A Python process run from the project's folder; it can be started again after it died."""

    def __init__(self, name: str, arguments: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path) -> None:
        self.name = name
        self.log = log
        self._arguments = arguments
        self._env = env
        self._cwd = cwd
        # A worker that is asked to end finishes what it does. That takes the database, which goes at the same time.
        self._farewell = signal.SIGKILL if "celery" in arguments else signal.SIGTERM
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and return at once; what a died one left of its session is killed first."""
        if self._process is not None:
            children.kill_session(self._process)
        self._process = children.spawn(
            [sys.executable, *self._arguments], log=self.log, env=self._env, cwd=self._cwd, farewell=self._farewell
        )

    def poll(self) -> int | None:
        """The exit code once the process has ended, None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """Ask the process to end, and make it end after 10 seconds; harmless when it does not run."""
        if self._process is not None:
            children.end(self._process, [signal.SIGTERM], patience=10)
            self._process = None
