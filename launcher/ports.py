"""Loopback ports."""

from __future__ import annotations

import socket
from pathlib import Path

from launcher.secret_files import keep

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def in_use(port: int) -> bool:
    """Whether a server could not listen on ``port`` of the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def lasting_port(path: Path) -> int:
    """The port kept in ``path``, the same over restarts; a free one when it is taken or not there."""
    kept = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if kept.isdecimal() and not in_use(int(kept)):
        return int(kept)
    port = free_port()
    keep(path, f"{port}\n")
    return port
