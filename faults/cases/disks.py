"""A disk that is full."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from faults.house import House
from faults.table import case

TABLESPACE = "small_disk"
ROOM = 24 * 1024 * 1024
"""Bytes that are free beside the tables in the beginning."""
FAILURES = 20


@case(
    "disk full",
    numbers={"before": (20, 10), "after": (20, 10)},
    done="the database lies on a small disk (tmpfs); worker, beat and standby work; {before} incidents are declared; a "
    "ballast fills it to the last byte while more are; it stays full for 5 s and is freed; {after} are declared",
    expected="declarations fail and say so, or are paged; afterwards everything that is due is sent, by the same "
    "processes",
    tablespace=True,
)
def disk_full(house: House) -> str:
    ground = house.ground
    size = ground.size_of_template() + ROOM
    with small_disk(ground.folder / "disk", size) as disk, ground.tablespace(TABLESPACE, disk):
        try:
            return _fill(house, disk)
        finally:
            house.close()  # before its tablespace goes


def _fill(house: House, disk: Path) -> str:
    house.ground.new_database(tablespace=TABLESPACE)
    house.start("worker", "beat", "standby")
    house.declare(house.number("before"))
    ballast = disk / "ballast"
    fill(ballast)
    failed: list[str] = []
    house.until(
        lambda: len(failed) >= FAILURES or failed.extend(house.declare(20)), within=120, what="declarations fail"
    )
    fill(ballast)
    time.sleep(5)
    failed += house.declare(5)
    ballast.unlink()
    later = house.declare(house.number("after"))
    account = house.finish(within=180)
    full = [error for error in failed if "No space left" in error]
    house.expect(len(full) >= FAILURES, f"{len(full)} declarations failed for want of space, and {failed[:1]}")
    house.expect(not later, f"{len(later)} declarations failed after there was space again")
    return f"{len(failed)} declarations failed ({full[0] if full else 'none for want of space'})\n{account}"


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[Path]:
    """A file system of ``size`` bytes at ``place``. Raises RuntimeError where one may not be mounted."""
    place.mkdir()
    options = f"size={size},mode=0711"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        raise RuntimeError(f"A small disk takes the right to mount one: run as root. {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(ballast: Path) -> None:
    """Let ``ballast`` grow until not a byte is left."""
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65_536))
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0")
