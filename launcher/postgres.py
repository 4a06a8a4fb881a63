"""One PostgreSQL server of our own on one folder: made the first time, found again afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import psycopg

from launcher import children, placement
from launcher.accounts import Account, for_the_database
from launcher.databases import Addresses, create_roles_and_database
from launcher.errors import LaunchError
from launcher.ports import LOOPBACK, free_port
from launcher.secret_files import lasting_secret

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # its path is limited to 107 bytes, a project's is not
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
READY_WITHIN = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT)  # fast shutdown, then immediate


class Postgres:
    """A PostgreSQL server with its cluster below ``data_dir``, listening on loopback only, with passwords.

    ``durable=False`` gives up safety against a crash of the machine for speed (tests). ``addresses`` says how to
    connect after ``start``; a second ``start`` after the server died keeps them.
    """

    name = "PostgreSQL"

    def __init__(self, data_dir: Path, *, log: Path, durable: bool = True) -> None:
        self.log = log
        self._wanted = data_dir / "postgres"
        self._password_file = data_dir / "postgres.password"
        self._settings = SETTINGS if durable else SETTINGS | FORGETFUL
        self._environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", children.MARK: ""}
        self._process: subprocess.Popen[bytes] | None = None
        self.addresses = Addresses.with_new_passwords(
            free_port(), superuser_password=lasting_secret(self._password_file)
        )

    def start(self) -> None:
        """Start the server and return when it answers; make cluster, roles and database where they are missing.

        Raises LaunchError with the end of the server's log.
        """
        account = for_the_database()
        home = placement.cluster_home(self._wanted, account)
        if account is not None:
            account = _owner(home) or account
        binaries = placement.installation(account) / "bin"
        cluster = home / "data"
        if not cluster.exists():
            self._create(cluster, binaries, account)
        _check_version(cluster, binaries)
        end_server_of(cluster)
        arguments = [f"{name}={value}" for name, value in (self._settings | {"port": str(self.addresses.port)}).items()]
        self._process = children.spawn(
            [str(binaries / "postgres"), "-D", str(cluster), *(part for item in arguments for part in ("-c", item))],
            log=self.log,
            env=self._environment,
            cwd=home,
            account=account,
            farewell=signal.SIGINT,
        )
        self._wait_until_it_answers(self._process, self.addresses)
        create_roles_and_database(self.addresses)

    def poll(self) -> int | None:
        """The exit code once the server has ended, None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """End the server in order, its connections with it; harmless when it does not run."""
        if self._process is not None:
            children.end(self._process, STOP_SIGNALS, patience=15)
            self._process = None

    def remove(self) -> None:
        """Stop the server and delete its cluster."""
        self.stop()
        placement.remove_cluster(self._wanted)

    def _create(self, cluster: Path, binaries: Path, account: Account | None) -> None:
        """Make the cluster beside its place and move it there, so that one half made is never taken for one."""
        draft, password = cluster.with_name("data.new"), cluster.with_name("password.new")
        shutil.rmtree(draft, ignore_errors=True)
        password.write_bytes(self._password_file.read_bytes())
        if account is not None:
            os.chown(password, account.uid, account.gid)
        options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions", "--no-locale"]
        made = subprocess.run(
            [str(binaries / "initdb"), *options, f"--pwfile={password}", "-D", str(draft)],
            check=False,
            capture_output=True,
            text=True,
            env=self._environment,
            cwd=cluster.parent,
            **(account.as_popen_arguments() if account else {}),
        )
        password.unlink()
        if made.returncode != 0:
            raise LaunchError(f"PostgreSQL could not create its files in {draft}:\n{made.stdout}{made.stderr}")
        draft.rename(cluster)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes], addresses: Addresses) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while process.poll() is None:
            try:
                psycopg.connect(addresses.maintenance, connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise LaunchError(f"PostgreSQL does not answer after {READY_WITHIN:.0f} s: {error}") from error
            time.sleep(0.05)
        raise LaunchError(f"PostgreSQL ended while it started; the end of {self.log}:\n{children.tail(self.log)}")


def end_server_of(cluster: Path) -> None:
    """End a server that an earlier launcher left on ``cluster``, and forget one that is gone.

    Only for the holder of the data directory's lock. A process that merely has the id of the old server is left alone.
    """
    note = cluster / "postmaster.pid"
    try:
        process = psutil.Process(int(note.read_text(encoding="utf-8").split("\n", 1)[0]))
        ours = str(cluster) in process.cmdline()
    except (FileNotFoundError, psutil.NoSuchProcess, ValueError):
        ours = False
    if ours:
        for number in (*STOP_SIGNALS, signal.SIGKILL):
            process.send_signal(number)
            _, alive = psutil.wait_procs([process], timeout=10)
            if not alive:
                break
    note.unlink(missing_ok=True)


def _owner(home: Path) -> Account | None:
    """Who owns the cluster in ``home`` (perhaps an ordinary user who started before root did), unless that is root."""
    uid, gid = home.stat().st_uid, home.stat().st_gid
    return Account(name=pwd.getpwuid(uid).pw_name, uid=uid, gid=gid) if uid else None


def _check_version(cluster: Path, binaries: Path) -> None:
    kept = (cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
    answer = subprocess.run([str(binaries / "postgres"), "--version"], check=True, capture_output=True, text=True)
    runs = answer.stdout.split()[-1].split(".")[0]
    if kept != runs:
        raise LaunchError(
            f"The data in {cluster} is of PostgreSQL {kept}, the installed server is {runs}. "
            "Choose another DATA_DIR, or move the data with pg_dump."
        )
