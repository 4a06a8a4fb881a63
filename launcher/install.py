"""Creates ``.venv`` and installs the locked dependencies into it, once per lock file.

Run by the Makefile with the system's Python before anything is installed: ``python3 launcher/install.py [dev]``.
It needs nothing but the standard library, and no network when what the lock names is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
PYTHON_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}


def main(purpose: str) -> None:
    """Bring ``.venv`` to what the lock of ``purpose`` ("run" or "dev") names; a second call finds it done."""
    if sys.version_info < (3, 11):  # noqa: UP036  (this is what says so)
        version = sys.version.split()[0]
        sys.exit(f"Python 3.11 or newer is needed; {sys.executable} is {version}. Try: make PYTHON=python3.12 run")
    with (PROJECT / "Makefile").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two makes at once install one after the other
        wanted = {name: stamp_of(PROJECT / name) for name in LOCKS.values()}
        enough = [LOCKS[purpose], LOCKS["dev"]]  # the development lock contains the other
        if any(installed_stamp(name) == wanted[name] for name in enough):
            return
        create_venv()
        install(LOCKS[purpose])
        stamp_file(LOCKS[purpose]).write_text(wanted[LOCKS[purpose]], encoding="utf-8")


def stamp_of(lock: Path) -> str:
    """What must be unchanged for an installation of ``lock`` to be good: the lock's text."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def stamp_file(name: str) -> Path:
    """Where the stamp of the lock ``name`` is kept: with the packages, which are of one version of Python."""
    return VENV / "lib" / PYTHON_VERSION / f"installed-{name}"


def installed_stamp(name: str) -> str | None:
    """The stamp that the last complete installation of the lock ``name`` left, None without one."""
    try:
        stamp = stamp_file(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return stamp if PYTHON.exists() else None


def create_venv() -> None:
    """Create ``.venv`` unless there is one that runs, with this version of Python."""
    inside = [str(PYTHON), "-c", "import sys, pip; print('python%d.%d' % sys.version_info[:2])"]
    try:
        answer = subprocess.run(inside, capture_output=True, text=True, check=False)
        if answer.returncode == 0 and answer.stdout.strip() == PYTHON_VERSION:
            return
    except OSError:
        pass  # there is none, or its interpreter is gone
    print("Creating .venv…", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        advice = "The virtual environment could not be created; on Debian: apt-get install python3-venv"
        sys.exit(f"{advice}\n{made.stdout}{made.stderr}")


def install(name: str) -> None:
    """Install what the lock ``name`` lists, each file checked against its hash."""
    lock = PROJECT / name
    count = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    print(f"Installing {count} packages…", flush=True)
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    else:
        command = [
            str(PYTHON),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
        ]
    result = subprocess.run(
        [*command, "--require-hashes", "-r", str(lock)],
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
        check=False,
    )
    if result.returncode != 0:
        sys.exit(
            "The dependencies could not be installed; the reason stands above. `make run` again goes on from there."
        )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "run")
