"""Brings a database to where the house can work: tables, and procedures and demo where there is nothing yet."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import psycopg
from psycopg import sql

from launcher import children
from launcher.commands import DEMO, MIGRATE, PROCEDURES
from launcher.configuration import PROJECT, Configuration
from launcher.ending import Ending
from launcher.errors import LaunchError


class Preparation:
    """The commands that run to their end before the house opens."""

    def __init__(
        self, configuration: Configuration, env: Mapping[str, str], ending: Ending, say: Callable[[str], None]
    ) -> None:
        self._log = configuration.logs("preparation")
        self._env = env
        self._ending = ending
        self._say = say

    def run(self) -> None:
        """Migrate, then load the ADO procedures and the demo data, each only into an empty database.

        Each command changes all or nothing, so that a start that was cut off is made good by the next.
        Raises LaunchError with what a command said, and AskedToEnd.
        """
        database_url = self._env["DATABASE_URL"]
        self._say("Applying migrations…")
        self._manage(MIGRATE)
        if not _has_rows(database_url, "incidents_proceduresrevision"):
            self._say("Loading the ADO procedures…")
            self._manage(PROCEDURES)
        if not has_demo(database_url):
            self._say("Loading demo data…")
            self._manage(DEMO)

    def _manage(self, arguments: Sequence[str]) -> None:
        self._log.unlink(missing_ok=True)
        process = children.spawn([sys.executable, *arguments], log=self._log, env=self._env, cwd=PROJECT)
        try:
            while (code := process.poll()) is None:
                self._ending.check()
                time.sleep(0.05)
        finally:
            children.end(process, [signal.SIGTERM], patience=5)
        if code:
            raise LaunchError(f"`{' '.join(arguments)}` failed with {code}:\n{children.tail(self._log)}")


def has_demo(database_url: str) -> bool:
    """Whether the demo's people can sign in to this database."""
    with psycopg.connect(database_url) as connection:
        query = "SELECT 1 FROM teams_user WHERE email = 'admin@example.com'"
        return connection.execute(query).fetchone() is not None


def _has_rows(database_url: str, table: str) -> bool:
    with psycopg.connect(database_url) as connection:
        query = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))
        return connection.execute(query).fetchone() is not None
