"""Folders and projects for the launcher to start in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from launcher.servers import temporary_servers
from tests.launcher.houses import House

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def folder_for_everybody() -> Iterator[Path]:
    """A temporary folder, with a space in its path, that every account may enter (pytest's own are private)."""
    folder = Path(tempfile.mkdtemp(prefix="ado launcher "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def house() -> Iterator[House]:
    """A project with the real launcher and sandbox, and with small programs in place of the product."""
    with folder_for_everybody() as folder:
        project = folder / "a project"
        shutil.copytree(Path(__file__).with_name("small_house"), project)
        for package in ("launcher", "sandbox"):
            shutil.copytree(PROJECT / package, project / package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PROJECT / "Makefile", project)
        small = House(project, project / ".local")
        yield small
        small.end()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that every account may enter."""
    with folder_for_everybody() as folder:
        yield folder


@pytest.fixture
def small_house() -> Iterator[House]:
    """A project in which nothing was started yet."""
    with house() as small:
        yield small


@pytest.fixture(scope="module")
def open_house() -> Iterator[House]:
    """A project whose launcher runs, for tests that leave it running: ``runs[0]``."""
    with house() as small:
        small.start().until("Ctrl-C ends everything.")
        yield small


@pytest.fixture
def other_servers() -> Iterator[dict[str, str]]:
    """The variables that name a PostgreSQL and a Valkey which the launcher did not start."""
    with temporary_servers() as servers:
        yield {
            "DATABASE_URL": servers.database_url,
            "DATABASE_OWNER_URL": servers.database_owner_url,
            "REDIS_URL": servers.redis_url,
        }
