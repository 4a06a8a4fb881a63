"""What the person who types ``make run`` can set, and what the processes are told."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.children import MARK
from launcher.errors import LaunchError
from launcher.ports import LOOPBACK
from launcher.sandbox import sandbox_variables
from launcher.secret_files import keep, lasting_key, lasting_secret

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Configuration:
    """The variables that the launcher reads: DATA_DIR, PORT, DATABASE_URL, REDIS_URL, EMAIL_URL."""

    data_dir: Path
    port: int
    database_url: str | None
    redis_url: str | None
    email_url: str | None
    given: Mapping[str, str]

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Configuration:
        """Read the environment ``given``; an empty variable is one that is not set. Raises LaunchError."""
        port = given.get("PORT") or "8000"
        if not (port.isdecimal() and 0 < int(port) < 65536):
            raise LaunchError(f"PORT must be a number between 1 and 65535, not {port!r}.")
        return cls(
            data_dir=Path(os.path.realpath(PROJECT / (given.get("DATA_DIR") or ".local"))),  # a loop of links included
            port=int(port),
            database_url=given.get("DATABASE_URL") or None,
            redis_url=given.get("REDIS_URL") or None,
            email_url=given.get("EMAIL_URL") or None,
            given=given,
        )

    @property
    def site_url(self) -> str:
        """Where the house is reached."""
        return f"http://{LOOPBACK}:{self.port}/"

    def logs(self, name: str) -> Path:
        """The log file of the process ``name``."""
        return self.data_dir / "logs" / f"{name}.log"

    def make_folders(self) -> None:
        """Make the data directory and the folders below it, the latter for their owner only.

        Raises LaunchError unless they are there afterwards and can be written to.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            for name in ("logs", "sandbox", "static"):
                (self.data_dir / name).mkdir(mode=0o700, exist_ok=True)
            tempfile.TemporaryFile(dir=self.data_dir).close()
        except OSError as error:
            raise LaunchError(
                f"DATA_DIR={self.data_dir} is no folder to keep data in: {error.strerror}. "
                "Choose one that is yours: DATA_DIR=.local make run"
            ) from error


def variables(configuration: Configuration, *, database_url: str, owner_url: str, redis_url: str) -> dict[str, str]:
    """The variables of the house (README, "Configuration") for this run; what the environment sets stays as it is.

    Without an EMAIL_URL of one's own everything goes to the sandbox, which is then started (``SANDBOX_SMTP_PORT`` is
    set).
    """
    data_dir, given = configuration.data_dir, configuration.given
    chosen = {
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": given.get("SECRET_KEY") or lasting_secret(data_dir / "secret_key", length=50),
        "FIELD_KEYS": given.get("FIELD_KEYS") or lasting_key(data_dir / "field_keys"),
        "SITE_URL": given.get("SITE_URL") or configuration.site_url.rstrip("/"),
        "DATABASE_URL": database_url,
        "DATABASE_OWNER_URL": owner_url,
        "REDIS_URL": redis_url,
        "DEMO_PASSWORD": given.get("DEMO_PASSWORD") or lasting_secret(data_dir / "demo_password", length=9),
    }
    if configuration.email_url is None:
        chosen |= sandbox_variables(data_dir, given)
    else:
        chosen["EMAIL_URL"] = configuration.email_url
    return chosen


def process_environment(configuration: Configuration, chosen: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process: the launcher's own, the variables of the house, and the mark."""
    mark = {MARK: str(configuration.data_dir), "PYTHONUNBUFFERED": "1"}
    return dict(os.environ) | dict(chosen) | mark


def publish(data_dir: Path, chosen: Mapping[str, str]) -> Path:
    """Write ``DATA_DIR/environment``, from which ``manage.py`` finds the running servers, and return its path."""
    path = data_dir / "environment"
    keep(path, "".join(f"{name}={value}\n" for name, value in chosen.items()))
    return path
