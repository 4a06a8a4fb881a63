"""The house: which parts it has, and in which order they come up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import httpx

from launcher import commands
from launcher.configuration import PROJECT, Configuration, process_environment, publish, variables
from launcher.ending import Ending
from launcher.errors import LaunchError
from launcher.ports import LOOPBACK
from launcher.postgres import Postgres
from launcher.preparation import Preparation
from launcher.program import Program
from launcher.reachable import require_database
from launcher.supervisor import Supervisor
from launcher.valkey import Valkey

READY_WITHIN = 60.0


class House:
    """Everything that one ``make run`` starts."""

    def __init__(
        self, configuration: Configuration, supervisor: Supervisor, ending: Ending, say: Callable[[str], None]
    ) -> None:
        self._configuration = configuration
        self._supervisor = supervisor
        self._ending = ending
        self._say = say

    def open(self) -> dict[str, str]:
        """Start servers and processes, prepare the database, and return the variables once the pages answer.

        Raises LaunchError or AskedToEnd; what was started by then is the supervisor's to stop.
        """
        configuration = self._configuration
        chosen = self._start_servers()
        publish(configuration.data_dir, chosen)
        env = process_environment(configuration, chosen)
        Preparation(configuration, env, self._ending, self._say).run()
        if "SANDBOX_SMTP_PORT" in chosen:
            self._start("sandbox", commands.SANDBOX, env)
        self._start("standby", commands.STANDBY, env)
        self._start("worker", commands.WORKER, env)
        self._start("chores", commands.CHORES, env)
        self._start("beat", commands.BEAT, env)
        self._start("web", commands.web(LOOPBACK, configuration.port), env, vital=True)
        self._wait_for_the_pages()
        return chosen

    def _start_servers(self) -> dict[str, str]:
        """Start the servers that no variable replaces, and return the variables of the house."""
        configuration = self._configuration
        if configuration.database_url is None:
            self._say("Starting PostgreSQL…")
            postgres = Postgres(configuration.data_dir, log=configuration.logs("postgres"))
            self._supervisor.start(postgres, vital=True)
            database_url, owner_url = postgres.addresses.application, postgres.addresses.owner
        else:
            database_url = configuration.database_url
            owner_url = configuration.given.get("DATABASE_OWNER_URL") or database_url
            require_database("DATABASE_URL", database_url)
            if owner_url != database_url:
                require_database("DATABASE_OWNER_URL", owner_url)
        if configuration.redis_url is None:
            self._say("Starting Valkey…")
            valkey = Valkey(configuration.data_dir, log=configuration.logs("valkey"))
            self._supervisor.start(valkey)
            redis_url = valkey.url
        else:
            redis_url = configuration.redis_url
        return variables(configuration, database_url=database_url, owner_url=owner_url, redis_url=redis_url)

    def _start(self, name: str, arguments: Sequence[str], env: dict[str, str], *, vital: bool = False) -> None:
        self._say(f"Starting {name}…")
        log = self._configuration.logs(name)
        self._supervisor.start(Program(name, arguments, log=log, env=env, cwd=PROJECT), vital=vital)

    def _wait_for_the_pages(self) -> None:
        deadline = time.monotonic() + READY_WITHIN

        def answered() -> bool:
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"The web server does not answer after {READY_WITHIN:.0f} s; see {self._configuration.logs('web')}."
                )
            return _answers(f"{self._configuration.site_url}healthz")

        self._supervisor.watch_until(answered)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
