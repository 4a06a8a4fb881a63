"""The servers that all cases share, and a fresh database for each of them."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql

from faults.mail import MailServer
from faults.providers import Provider
from launcher import accounts
from launcher.configuration import PROJECT
from launcher.databases import DATABASE, OWNER
from launcher.ports import LOOPBACK
from launcher.postgres import Postgres
from launcher.secret_files import lasting_key
from launcher.valkey import Valkey

TEMPLATE = DATABASE
"""The database with tables and the organisation; nothing ever happens in it."""
CASE = "ado_case"
"""The copy that a case works on: always of this name, so that every process finds it in its environment."""


@dataclass(frozen=True)
class Ground:
    """A PostgreSQL that writes through to the disk, a Valkey, and two that misbehave when told to: a mail server and a
    provider of text messages."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    mail: MailServer
    provider: Provider

    @property
    def case_url(self) -> str:
        """The case's database, as the superuser: what the driver reads its facts from."""
        return _named(self.postgres.addresses.superuser, CASE)

    def new_database(self, *, tablespace: str = "") -> None:
        """Replace the case's database by a copy of the template; whoever is connected to the old one is cut off."""
        place = sql.SQL(" TABLESPACE {}").format(sql.Identifier(tablespace)) if tablespace else sql.SQL("")
        with self._server() as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(CASE)))
            names = [sql.Identifier(name) for name in (CASE, TEMPLATE, OWNER)]
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(*names) + place)

    @contextmanager
    def tablespace(self, name: str, disk: Path) -> Iterator[None]:
        """A tablespace on ``disk``; the case's database is given up at the end, for it may lie there."""
        folder = disk / "tables"
        folder.mkdir(mode=0o700)
        if (account := accounts.for_the_database()) is not None:
            os.chown(folder, account.uid, account.gid)
        with self._server() as server:
            server.execute(
                sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(sql.Identifier(name), sql.Literal(str(folder)))
            )
        try:
            yield
        finally:
            with self._server() as server:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(CASE)))
                server.execute(sql.SQL("DROP TABLESPACE {}").format(sql.Identifier(name)))

    def size_of_template(self) -> int:
        """How many bytes the files of a fresh database take."""
        with self._server() as server:
            row = server.execute("SELECT pg_database_size(%s)", [TEMPLATE]).fetchone()
        return int(row[0]) if row else 0

    def crash_postgres(self) -> None:
        """End PostgreSQL as ``pg_ctl stop -m immediate`` does: no farewell, and recovery at the next start."""
        with self._server() as server:
            row = server.execute("SELECT pg_backend_pid()").fetchone()
            postmaster = psutil.Process(int(row[0]) if row else 0).parent()
        if postmaster is None:
            raise RuntimeError("The server process of PostgreSQL was not found.")
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(30)

    def _server(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.postgres.addresses.maintenance, autocommit=True)


@contextmanager
def ground() -> Iterator[Ground]:
    """Start the servers, name them in the environment, and make the template.

    Everything ends with the context. The settings read the environment when they are imported: only afterwards.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="ado-faults-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)  # made here; the account of PostgreSQL passes through
        postgres = Postgres(folder, log=folder / "postgres.log")
        stack.callback(postgres.remove)
        postgres.start()
        valkey = Valkey(folder, log=folder / "valkey.log")
        stack.callback(valkey.stop)
        valkey.start()
        mail = stack.enter_context(MailServer())
        provider = stack.enter_context(Provider())
        (folder / "static").mkdir()
        for name in ("SANDBOX_DIR", "SITE_URL", "ALLOWED_HOSTS", "DEMO_PASSWORD", "WATCHDOG_TO", "HEARTBEAT_URL"):
            os.environ.pop(name, None)
        os.environ |= {
            "DATA_DIR": str(folder),
            "DATABASE_URL": _named(postgres.addresses.application, CASE),
            "DATABASE_OWNER_URL": postgres.addresses.owner,
            "REDIS_URL": valkey.url,
            "EMAIL_URL": f"smtp://{LOOPBACK}:{mail.port}",
            "TWILIO_API_URL": provider.url,
            "TWILIO_ACCOUNT_SID": "AC0",
            "TWILIO_AUTH_TOKEN": "token",
            "TWILIO_SMS_FROM": "+12025559999",
            "TWILIO_VOICE_FROM": "",
            "SECRET_KEY": secrets.token_urlsafe(32),
            "FIELD_KEYS": lasting_key(folder / "field_keys"),
            "DJANGO_SETTINGS_MODULE": "ado_incidents.settings",
            "ROSTER_HORIZON_DAYS": "2",
            "LOG_LEVEL": "WARNING",
        }
        _make_template(postgres)
        yield Ground(folder, postgres, valkey, mail, provider)


def _make_template(postgres: Postgres) -> None:
    environment = os.environ | {"DATABASE_URL": postgres.addresses.application}
    for module in ("faults.tables", "faults.organisation"):
        subprocess.run([sys.executable, "-m", module], check=True, cwd=PROJECT, env=environment)


def _named(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()
