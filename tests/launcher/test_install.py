"""``.venv`` is made once, and anew where it is no good any more. The locks here are empty: nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def make(folder: Path, target: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", f"PYTHON={sys.executable}", *arguments, target]
    # As from a shell, also where these tests themselves run under make, which then would speak of folders.
    outside = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=outside)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, in a path with a space, for which ``make install`` ran once."""
    folder = tmp_path_factory.mktemp("install") / "a project"
    (folder / "launcher").mkdir(parents=True)
    shutil.copy(PROJECT / "launcher" / "install.py", folder / "launcher")
    shutil.copy(PROJECT / "Makefile", folder)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text("# nothing\n")
    first = make(folder, "install")
    assert first.stdout == "Creating .venv…\nInstalling 0 packages…\n", first.stderr
    return folder


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    """The same project at another place."""
    return shutil.copytree(installed, tmp_path / "moved", symlinks=True)


def test_what_is_installed_needs_nothing_new_even_after_the_project_moved(project: Path) -> None:
    assert make(project, "install").stdout == ""
    python = project / ".venv" / "bin" / "python"
    assert subprocess.run([python, "-m", "pip", "--version"], check=True).returncode == 0


def test_a_changed_lock_is_installed_once(project: Path) -> None:
    (project / "requirements.lock").write_text("# changed\n")
    assert make(project, "install").stdout == "Installing 0 packages…\n"
    assert make(project, "install").stdout == ""


def test_an_installation_that_failed_is_tried_again(project: Path) -> None:
    (project / "requirements.lock").write_text("no-such-package @ file:///nowhere/at/all.whl\n")
    failed = make(project, "install")
    assert failed.returncode == 2
    assert "The dependencies could not be installed" in failed.stderr
    (project / "requirements.lock").write_text("# mended\n")
    assert make(project, "install").stdout == "Installing 0 packages…\n"


def test_an_environment_that_lost_its_python_is_made_anew(project: Path) -> None:
    shutil.rmtree(project / ".venv" / "bin")
    assert make(project, "install").stdout == "Creating .venv…\nInstalling 0 packages…\n"


def test_a_python_that_is_not_there_is_named(project: Path) -> None:
    missing = make(project, "install", "PYTHON=python3.99")
    assert missing.returncode == 2
    assert "'python3.99' was not found" in missing.stdout
