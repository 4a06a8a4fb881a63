"""Both embedded servers together, for the tests: real, private to one run, and gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from launcher.postgres import Postgres
from launcher.valkey import Valkey


@dataclass(frozen=True)
class TemporaryServers:
    """The addresses of a PostgreSQL and a Valkey that end with the context they were made in."""

    database_url: str
    database_owner_url: str
    database_superuser_url: str
    redis_url: str


@contextmanager
def temporary_servers() -> Iterator[TemporaryServers]:
    """A PostgreSQL without fsync and a Valkey in a folder of their own; call it from the main thread.

    They end with the context, and with the calling process however it ends. Raises LaunchError.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="ado-incidents-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)  # made here; the account of PostgreSQL passes through
        postgres = Postgres(folder, log=folder / "postgres.log", durable=False)
        stack.callback(postgres.remove)
        postgres.start()
        valkey = Valkey(folder, log=folder / "valkey.log")
        stack.callback(valkey.stop)
        valkey.start()
        yield TemporaryServers(
            database_url=postgres.addresses.application,
            database_owner_url=postgres.addresses.owner,
            database_superuser_url=postgres.addresses.superuser,
            redis_url=valkey.url,
        )
