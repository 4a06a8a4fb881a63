"""The real servers that a benchmark stands on, and Django on top of them."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from launcher import commands
from launcher.configuration import PROJECT
from launcher.postgres import Postgres
from launcher.secret_files import lasting_key
from launcher.valkey import Valkey

READY_WITHIN = 60.0


@contextmanager
def servers() -> Iterator[Path]:
    """A PostgreSQL that writes through to the disk and a Valkey, named in the environment; yields their folder."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="ado-benchmark-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)  # made here; the account of PostgreSQL passes through
        postgres = Postgres(folder, log=folder / "postgres.log")
        stack.callback(postgres.remove)
        postgres.start()
        valkey = Valkey(folder, log=folder / "valkey.log")
        stack.callback(valkey.stop)
        valkey.start()
        os.environ |= {
            "DATA_DIR": str(folder),
            "DATABASE_URL": postgres.addresses.application,
            "DATABASE_OWNER_URL": postgres.addresses.owner,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": secrets.token_urlsafe(32),
            "FIELD_KEYS": lasting_key(folder / "field_keys"),
            "DJANGO_SETTINGS_MODULE": "ado_incidents.settings",
            "LOG_LEVEL": "WARNING",
        }
        yield folder


@contextmanager
def prepared() -> Iterator[Path]:
    """The servers with all tables, and Django set up in this process: models may be imported within the context."""
    with servers() as folder:
        print("Migrating…", flush=True)
        manage(*commands.MIGRATE[1:], "--verbosity", "0")
        # Only now: the settings read the environment when they are imported.
        import django

        django.setup()
        yield folder


def manage(*arguments: str) -> str:
    """Run a command of ``manage.py`` and return what it printed. Raises CalledProcessError."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, check=True, cwd=PROJECT, env=os.environ, stdout=subprocess.PIPE, text=True).stdout


def wait_for(url: str) -> None:
    """Return once ``url`` is answered. Raises TimeoutError."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310  (a loopback address of ours)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"{url} is not answered after {READY_WITHIN:.0f} s.")
