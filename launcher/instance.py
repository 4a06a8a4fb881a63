"""One launcher on one data directory at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.errors import LaunchError


@contextmanager
def only_one(data_dir: Path, port: int) -> Iterator[None]:
    """Hold ``data_dir`` for this process. The kernel lets go of it when the process ends, however it does.

    Raises LaunchError, which names the process and port of the one that holds it.
    """
    with (data_dir / "launcher.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            pid, _, its_port = file.read().strip().partition(" ")
            raise LaunchError(
                f"Already running on {data_dir}: pid {pid}, port {its_port} (http://127.0.0.1:{its_port}/).\n"
                f"For a second one beside it: DATA_DIR=.local2 PORT={port + 1} make run"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()} {port}\n")
        file.flush()
        yield
