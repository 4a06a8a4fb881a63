"""The embedded servers: whoever starts them, wherever they stand, and after whatever happened."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from launcher import placement
from launcher.postgres import Postgres
from launcher.servers import TemporaryServers, temporary_servers

PROJECT = Path(__file__).resolve().parents[2]
NOBODY = 65534
pytestmark = pytest.mark.processes
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture(scope="module")
def servers() -> Iterator[TemporaryServers]:
    with temporary_servers() as both:
        yield both


@pytest.fixture
def server(open_folder: Path) -> Iterator[Postgres]:
    postgres = Postgres(open_folder, log=open_folder / "postgres.log", durable=False)
    yield postgres
    postgres.remove()


def modes_above(folder: Path) -> dict[Path, int]:
    return {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.parents)}


def test_the_application_may_not_change_the_schema_that_the_owner_made(servers: TemporaryServers) -> None:
    with psycopg.connect(servers.database_owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE made_by_owner (n int)")
        owner.execute("GRANT SELECT, INSERT ON made_by_owner TO ado_app")
    with psycopg.connect(servers.database_url, autocommit=True) as application:
        application.execute("INSERT INTO made_by_owner VALUES (1)")
        for forbidden in ("CREATE TABLE mine (n int)", "DROP TABLE made_by_owner", "DELETE FROM made_by_owner"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(forbidden)


def test_the_database_speaks_utf8_and_utc_and_has_its_extensions(servers: TemporaryServers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        settings = [connection.execute(f"SHOW {name}").fetchone() for name in ("server_encoding", "timezone")]
        extensions = connection.execute("SELECT extname FROM pg_extension").fetchall()
    assert settings == [("UTF8",), ("UTC",)]
    assert {("btree_gist",), ("pg_trgm",)} <= set(extensions)


def test_nobody_gets_in_without_the_password(servers: TemporaryServers) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(servers.database_url, password="wrong")
    broker = redis.Redis.from_url(servers.redis_url)
    assert broker.ping()
    port = broker.connection_pool.connection_kwargs["port"]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port).ping()


def test_a_cluster_is_found_again(server: Postgres, open_folder: Path) -> None:
    server.start()
    with psycopg.connect(server.addresses.owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    again = Postgres(open_folder, log=open_folder / "postgres.log", durable=False)
    again.start()
    with psycopg.connect(again.addresses.owner) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.stop()


def test_a_server_that_somebody_left_running_is_ended_first(server: Postgres, open_folder: Path) -> None:
    server.start()
    note = open_folder / "postgres" / "data" / "postmaster.pid"
    left = int(note.read_text().split()[0])
    again = Postgres(open_folder, log=open_folder / "postgres.log", durable=False)
    again.start()
    assert server.poll() is not None
    assert int(note.read_text().split()[0]) != left
    again.stop()


def test_the_note_of_a_server_that_was_killed_does_not_stop_the_next(server: Postgres, open_folder: Path) -> None:
    server.start()
    note = open_folder / "postgres" / "data" / "postmaster.pid"
    killed = note.read_text()
    os.kill(int(killed.split()[0]), signal.SIGKILL)
    server.stop()
    # The same number now belongs to somebody else: to this process.
    note.write_text(killed.replace(killed.split()[0], str(os.getpid()), 1))
    server.start()
    psycopg.connect(server.addresses.application).close()


def test_a_cluster_that_was_not_finished_is_made_anew(server: Postgres, open_folder: Path) -> None:
    half = open_folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(half.parent, NOBODY, NOBODY)
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    psycopg.connect(server.addresses.application).close()
    assert not half.exists()


@ROOT_ONLY
def test_root_changes_no_mode_of_a_folder_and_uses_the_data_directory_where_it_can(
    server: Postgres, open_folder: Path
) -> None:
    before = modes_above(open_folder)
    server.start()
    assert modes_above(open_folder) == before
    assert (open_folder / "postgres" / "data" / "PG_VERSION").exists()
    assert (open_folder / "postgres").stat().st_uid == NOBODY


@ROOT_ONLY
def test_root_opens_no_private_folder_for_the_account_of_the_database(open_folder: Path) -> None:
    private = open_folder / "private"
    data_dir = private / "data"
    data_dir.mkdir(parents=True)
    private.chmod(0o700)
    before = modes_above(data_dir)
    postgres = Postgres(data_dir, log=data_dir / "postgres.log", durable=False)
    try:
        postgres.start()
        psycopg.connect(postgres.addresses.application).close()
        assert modes_above(data_dir) == before
        elsewhere = Path((data_dir / "postgres.location").read_text().strip())
        assert elsewhere.parent == placement.COMMON
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
        postgres.stop()
        again = Postgres(data_dir, log=data_dir / "postgres.log", durable=False)
        again.start()
        again.stop()
        assert (data_dir / "postgres.location").read_text().strip() == str(elsewhere)
    finally:
        postgres.remove()
    assert not elsewhere.exists()


@ROOT_ONLY
def test_root_copies_binaries_that_the_account_cannot_reach(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a project below /root, whose .venv is as private as the rest."""
    private, common = open_folder / "private", open_folder / "common"
    own = placement.installation(None)
    shutil.copytree(own.parent, private / own.parent.name)
    shutil.copytree(own.parent.with_name(f"{own.parent.name}.libs"), private / f"{own.parent.name}.libs")
    private.chmod(0o700)
    monkeypatch.setattr(placement, "COMMON", common)
    monkeypatch.syspath_prepend(str(private))
    postgres = Postgres(open_folder, log=open_folder / "postgres.log", durable=False)
    try:
        postgres.start()
        psycopg.connect(postgres.addresses.application).close()
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert len(list(common.iterdir())) == 1
    finally:
        postgres.remove()


@ROOT_ONLY
def test_an_ordinary_user_starts_both_servers() -> None:
    packages = os.pathsep.join([str(PROJECT), *(path for path in sys.path if path.endswith("site-packages"))])
    program = (
        "import os, psycopg\n"
        "from launcher.servers import temporary_servers\n"
        "with temporary_servers() as servers:\n"
        "    psycopg.connect(servers.database_url).close()\n"
        "    print('started by', os.getuid())\n"
    )
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [python, "-c", program],
                check=False,
                capture_output=True,
                text=True,
                cwd="/",
                env={"PATH": os.environ["PATH"], "PYTHONPATH": packages},
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
            )
        except PermissionError:
            continue  # this interpreter stands in a private folder
        assert done.stdout == f"started by {NOBODY}\n", done.stderr
        return
    pytest.skip("no Python on this machine that an ordinary user may run")
