"""A project folder in which the launcher is started, and what runs because of it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from launcher.children import MARK
from launcher.placement import remove_cluster
from launcher.ports import free_port

REPLACED = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "DEMO_PASSWORD", "SECRET_KEY")
REPLACED += ("FIELD_KEYS",)
REPLACED += ("DJANGO_SETTINGS_MODULE", "SANDBOX_DIR", "SANDBOX_SMTP_PORT", "SANDBOX_HTTP_PORT", "SANDBOX_HTTP_URL")
REPLACED += ("DATA_DIR", "PORT", "MAKELEVEL", MARK)


class Run:
    """One run of the launcher, or of the make that runs it, and what it says."""

    def __init__(self, project: Path, command: list[str], **variables: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in REPLACED}
        self.process = subprocess.Popen(
            command,
            cwd=project,
            env=inherited | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.said = ""

    def until(self, text: str, within: float = 60.0) -> str:
        """Read on until it says ``text``; fails with everything it said if it does not."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + within
        while text not in self.said:
            readable, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 65_536) if readable else b""
            if not more:
                pytest.fail(f"never said {text!r}, but:\n{self.said}")
            self.said += more.decode()
        return self.said

    def finished(self, within: float = 40.0) -> int:
        """Wait for its end, keep what it still said, and return the exit code."""
        rest, _ = self.process.communicate(timeout=within)
        self.said += rest.decode()
        return self.process.returncode


class House:
    """A project folder with a data directory and a port of its own."""

    def __init__(self, project: Path, data_dir: Path) -> None:
        self.project = project
        self.data_dir = data_dir
        self.port = free_port()
        self.runs: list[Run] = []

    def start(self, **variables: str) -> Run:
        """Run the launcher in this project."""
        return self._run([sys.executable, "-m", "launcher"], variables)

    def make_run(self) -> Run:
        """``make run`` in this project, with the Python of the tests as the one that is installed."""
        return self._run(["make", "--old-file=install", f"VENV={sys.executable}", "run"], {})

    def manage(self, *arguments: str) -> str:
        """Run ``manage.py`` with nothing but DATA_DIR, as a person does beside a running house; what it printed."""
        inherited = {name: value for name, value in os.environ.items() if name not in REPLACED}
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.project,
            env=inherited | {"DATA_DIR": str(self.data_dir)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, command: list[str], variables: dict[str, str]) -> Run:
        defaults = {"PORT": str(self.port), "DATA_DIR": str(self.data_dir)}
        self.runs.append(Run(self.project, command, **(defaults | variables)))
        return self.runs[-1]

    def processes(self) -> list[psutil.Process]:
        """What still runs on its data directory: its servers, programs, and whatever they started."""
        return [process for process in psutil.process_iter() if str(self.data_dir) in command_line_of(process)]

    def alive(self) -> list[str]:
        """Their command lines."""
        return [command_line_of(process) for process in self.processes()]

    def programs(self) -> list[str]:
        """The command lines of those that the launcher runs in the project's folder, which change with no start."""
        return [line for line in self.alive() if "--port" in line or "-A" in line or "engine" in line]

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        for run in self.runs:
            if run.process.poll() is None:
                run.process.send_signal(signal.SIGTERM)
                run.finished()
        remove_cluster(self.data_dir / "postgres")


def command_line_of(process: psutil.Process) -> str:
    """The command and the mark of a process, empty for one that is gone or not ours to see."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return " ".join([*process.cmdline(), process.environ().get(MARK, "")])
    except psutil.Error:
        return ""
