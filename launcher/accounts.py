"""Who runs PostgreSQL: it refuses to run as root, so a launcher that is root gives it another account."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from launcher.errors import LaunchError


class PopenArguments(TypedDict, total=False):
    """The arguments of ``subprocess.Popen`` that change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int

    def as_popen_arguments(self) -> PopenArguments:
        """What ``subprocess.Popen`` must be given to run as this account and with no group but its own."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Whether this account may enter the folder ``path`` (or run the file), asked of the kernel and not guessed."""
        probe = subprocess.run(["test", "-x", str(path)], check=False, cwd="/", **self.as_popen_arguments())
        return probe.returncode == 0


def for_the_database() -> Account | None:
    """``nobody`` when the caller is root, else None: then PostgreSQL runs as the caller. Raises LaunchError."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise LaunchError(
            "PostgreSQL does not run as root, and this machine has no account 'nobody' to run it as.\n"
            "Run as an ordinary user, or set DATABASE_URL to a server of your own."
        ) from None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
