"""The processes of a house, each one real, with its own connections, and ended by ``kill -9``.

They are forked from a server that has imported the product already: what runs is what ``python -m celery …`` and
``manage.py engine run`` run, and one that was killed is back in a tenth of a second where a start from nothing takes
the machine seconds, so that a hundred kills fit into a minute or two.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from launcher import commands
from launcher.children import die_with_parent

COMMANDS = {
    "worker": commands.WORKER,
    "beat": commands.BEAT,
    "standby": commands.STANDBY,
    "engine": ("manage.py", "engine", "run"),
}

forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload(["faults.preloaded"])


@dataclass(frozen=True)
class Twist:
    """What is wrong with a process from its start: its clock (seconds ahead of the true one), its mail server's name.

    The clock is Python's own, all of it: what ``datetime``, ``time`` and so Celery say, as on a machine whose clock is
    off. The database's is right, as on another machine. (libfaketime would need a package of the system, and would
    move the timeouts of the process too.)
    """

    clock_ahead: float = 0.0
    mail_host: str = ""


class Program:
    """A process that runs ``name`` of COMMANDS; it can be started again after it was killed."""

    def __init__(self, name: str, *, log: Path, twist: Twist) -> None:
        self._arguments = COMMANDS[name]
        self._log = log
        self._twist = twist
        self._process = self._new()

    def start(self) -> None:
        """Start it and return at once."""
        if self._process.exitcode is not None:
            self._process = self._new()
        self._process.start()

    @property
    def has_ended(self) -> bool:
        """Whether it was started and runs no more."""
        return self._process.exitcode is not None

    def kill(self) -> None:
        """``kill -9``, and wait until it is gone; harmless when it does not run."""
        if self._process.pid is not None:
            self._process.kill()
            self._process.join(10)

    def _new(self) -> multiprocessing.process.BaseProcess:
        return forking.Process(target=_become, args=(self._arguments, str(self._log), self._twist))


def _become(arguments: Sequence[str], log: str, twist: Twist) -> None:
    """Run ``arguments`` as the Python interpreter would; never returns."""
    die_with_parent(signal.SIGKILL, os.getppid())
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    _take(twist)
    if arguments[0] == "-m":
        sys.argv = list(arguments[1:])
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(arguments)
        runpy.run_path(arguments[0], run_name="__main__")


def _take(twist: Twist) -> None:
    if twist.mail_host:
        from django.conf import settings

        settings.EMAIL_HOST = twist.mail_host
    if twist.clock_ahead:
        import time_machine  # a development package, which nothing but this case needs

        time_machine.travel(datetime.now(UTC) + timedelta(seconds=twist.clock_ahead), tick=True).start()
