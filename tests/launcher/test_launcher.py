"""``make run``: what a person sees, and what is left when it ends."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.request import urlopen

import psutil
import psycopg
import pytest

from tests.launcher.houses import House, command_line_of

pytestmark = pytest.mark.processes


def eventually(true: Callable[[], bool], within: float = 20.0) -> bool:
    """Whether ``true()`` holds at some moment of the next ``within`` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.1)
    return False


def published(house: House) -> dict[str, str]:
    lines = (house.data_dir / "environment").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def program(house: House, *, running: str) -> psutil.Process:
    """The first process of the house whose command contains ``running``."""
    return min((p for p in house.processes() if running in command_line_of(p)), key=lambda p: p.create_time())


def test_it_comes_up_in_order_works_and_ends_with_nothing_left_running(small_house: House) -> None:
    run = small_house.start()
    said = run.until("Ctrl-C ends everything.")
    steps = [
        "PostgreSQL",
        "Valkey",
        "migrations",
        "procedures",
        "demo data",
        "sandbox",
        "standby",
        "worker",
        "beat",
        "web",
    ]
    assert sorted(steps, key=said.index) == steps
    assert f"Ready: http://127.0.0.1:{small_house.port}/\n" in said
    assert "admin@example.com" in said
    assert (small_house.data_dir / "demo_password").read_text().strip() in said
    assert urlopen(f"http://127.0.0.1:{small_house.port}/").status == 200
    assert eventually((small_house.data_dir / "ticked").exists), "beat and worker do not speak through the broker"
    assert len(small_house.alive()) > 6

    run.process.send_signal(signal.SIGTERM)

    assert run.finished() == 0
    assert small_house.alive() == []
    assert not (small_house.data_dir / "environment").exists()


def test_secrets_are_readable_for_their_owner_only(open_house: House) -> None:
    private = ["environment", "secret_key", "field_keys", "demo_password", "postgres.password", "logs", "sandbox"]
    modes = {name: stat.S_IMODE((open_house.data_dir / name).stat().st_mode) & 0o077 for name in private}
    assert modes == dict.fromkeys(private, 0)
    commands = "\n".join(open_house.alive())
    assert not any(value in commands for name, value in published(open_house).items() if "PASSWORD" in name)


def test_ctrl_c_in_the_terminal_ends_it_in_order_even_while_it_comes_up(small_house: House) -> None:
    run = small_house.start()
    run.until("Starting worker…")
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.finished() == 0
    assert run.said.rstrip().endswith("Stopping…\nStopped.")
    assert "Traceback" not in run.said
    assert small_house.alive() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_when_make_is_ended_so_is_everything(small_house: House, number: signal.Signals) -> None:
    run = small_house.make_run()
    run.until("Starting Valkey…")
    run.process.send_signal(number)
    run.process.wait(30)
    assert eventually(lambda: small_house.alive() == []), small_house.alive()


def test_a_killed_launcher_takes_everything_with_it_and_the_next_finds_the_data_again(small_house: House) -> None:
    first = small_house.start()
    first.until("Ready")
    with psycopg.connect(published(small_house)["DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO teams_user VALUES ('kept@example.com')")
    password = (small_house.data_dir / "demo_password").read_text()
    programs = sorted(small_house.programs())
    first.process.kill()
    first.finished()
    assert eventually(lambda: small_house.alive() == []), small_house.alive()

    second = small_house.start()
    said = second.until("Ready")

    assert "demo data" not in said
    assert "procedures" not in said
    with psycopg.connect(published(small_house)["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT email FROM teams_user ORDER BY email").fetchall()
    assert rows == [("admin@example.com",), ("kept@example.com",)]
    assert (small_house.data_dir / "demo_password").read_text() == password
    assert sorted(small_house.programs()) == programs


def test_a_second_one_on_the_same_data_says_who_runs(open_house: House) -> None:
    first, second = open_house.runs[0], open_house.start()
    assert second.finished() == 1
    assert f"pid {first.process.pid}, port {open_house.port}" in second.said
    assert first.process.poll() is None
    assert urlopen(f"http://127.0.0.1:{open_house.port}/").status == 200


def test_a_busy_port_is_said_before_anything_starts(small_house: House) -> None:
    with socket.create_server(("127.0.0.1", small_house.port)):
        run = small_house.start()
        assert run.finished() == 1
    assert run.said == f"Port {small_house.port} is in use. Try: PORT={small_house.port + 1} make run\n"
    assert not (small_house.data_dir / "postgres").exists()


@pytest.mark.parametrize("folder", ["/dev/null", "/dev/null/data", "/proc/data"])
def test_a_data_directory_that_cannot_be_is_said_in_a_sentence(small_house: House, folder: str) -> None:
    run = small_house.start(DATA_DIR=folder)
    assert run.finished() == 1
    assert run.said.startswith(f"DATA_DIR={folder} is no folder to keep data in: ")
    assert run.said.count("\n") == 1


def test_a_data_directory_behind_links_that_lead_nowhere_is_refused_too(small_house: House) -> None:
    there, back = small_house.project / "there", small_house.project / "back"
    there.symlink_to(back)
    back.symlink_to(there)
    run = small_house.start(DATA_DIR=str(there))
    assert run.finished() == 1
    assert "is no folder to keep data in: " in run.said
    assert "Traceback" not in run.said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "postgresql://ado:s3cret@127.0.0.1:1/ado",
            "The database of DATABASE_URL, 127.0.0.1:1/ado, cannot be reached:",
        ),
        ("postgresql://ado:s3cret@no..name/ado", "The database of DATABASE_URL, no..name:5432/ado, cannot be reached:"),
        ("postgresql://ado:12/s3cret@127.0.0.1/ado", "DATABASE_URL is not the address of a PostgreSQL database;"),
        ("postgresql://ado:s3cret%zz@127.0.0.1/ado", "DATABASE_URL is not the address of a PostgreSQL database;"),
        ("mysql://ado:s3cret@127.0.0.1/ado", "DATABASE_URL is not the address of a PostgreSQL database;"),
    ],
)
def test_a_database_that_does_not_answer_is_named_without_its_password(small_house: House, url: str, said: str) -> None:
    run = small_house.start(DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1/0")
    assert run.finished() == 1
    assert said in run.said
    assert "s3cret" not in run.said
    assert "Traceback" not in run.said


def test_a_port_that_is_none_is_refused(small_house: House) -> None:
    run = small_house.start(PORT="eighty")
    assert run.finished() == 1
    assert run.said == "PORT must be a number between 1 and 65535, not 'eighty'.\n"


def test_what_dies_is_started_again(open_house: House) -> None:
    run = open_house.runs[0]
    killed = [program(open_house, running="ado_incidents beat"), program(open_house, running="valkey-server")]
    web = program(open_house, running="granian")
    before = published(open_house)
    for process in [*killed, web]:
        process.kill()
    for name in ("beat", "Valkey", "web"):
        run.until(f"{name} ended with -9; starting it again in 0.5 s")
    for name in ("ado_incidents beat", "valkey-server", "granian"):
        assert eventually(lambda name=name: any(name in line for line in open_house.alive())), name
    assert eventually(lambda: _answers(open_house.port))
    assert published(open_house) == before


def test_the_database_comes_back_at_the_same_address(open_house: House) -> None:
    run = open_house.runs[0]
    url = published(open_house)["DATABASE_URL"]
    postmaster = int((open_house.data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    run.until("PostgreSQL ended with -9")
    assert eventually(lambda: _connects(url))


def test_a_house_whose_sandbox_dies_at_once_again_and_again_opens_and_stays_open(small_house: House) -> None:
    (small_house.project / "sandbox" / "__main__.py").write_text("raise SystemExit('the sandbox is broken')")
    run = small_house.start()
    run.until("Ready")
    run.until("sandbox ended 5 times within 10 s of its start")
    run.until("the sandbox is broken")
    run.until("sandbox ended with 1; starting it again in 8 s")
    assert _answers(small_house.port)
    assert run.process.poll() is None


def test_a_step_that_fails_says_what_it_said(small_house: House) -> None:
    (small_house.project / "manage.py").write_text("raise SystemExit('no such table')")
    run = small_house.start()
    assert run.finished() == 1
    assert "`manage.py migrate --no-input` failed with 1:\n  no such table" in run.said
    assert small_house.alive() == []


def test_servers_of_ones_own_replace_the_embedded_ones(small_house: House, other_servers: dict[str, str]) -> None:
    run = small_house.start(**other_servers)
    said = run.until("Ready")
    assert "Starting PostgreSQL" not in said
    assert "Starting Valkey" not in said
    assert not (small_house.data_dir / "postgres").exists()
    assert published(small_house).items() >= other_servers.items()


def _answers(port: int) -> bool:
    try:
        return bool(urlopen(f"http://127.0.0.1:{port}/", timeout=1).status == 200)
    except OSError:
        return False


def _connects(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def test_clean_refuses_while_it_runs_and_deletes_everything_afterwards(open_house: House) -> None:
    def clean() -> subprocess.CompletedProcess[str]:
        environment = dict(os.environ) | {"DATA_DIR": str(open_house.data_dir)}
        command = [sys.executable, "-m", "launcher.clean"]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=open_house.project, env=environment
        )

    refused = clean()
    assert refused.returncode == 1
    assert "Already running" in refused.stderr
    open_house.runs[0].process.send_signal(signal.SIGTERM)
    open_house.runs[0].finished()
    assert clean().returncode == 0
    assert not open_house.data_dir.exists()
    assert clean().returncode == 0
