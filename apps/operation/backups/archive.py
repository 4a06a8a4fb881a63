"""A backup as a file: a ZIP of one text a table and a manifest, ended by the digest of everything before it.

Reads and writes files only. Any ZIP program opens one; the digest stands in the ZIP's comment, at the very end, so a
bit that changed anywhere is found.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from apps.core.errors import Invalid

#: The form of the files; one that this code does not know is refused.
FORM = 1
MANIFEST = "manifest.json"
PART = 1 << 20
ABANDONED = 3600.0

#: What reading a ZIP raises where a bit of it is another: so it asks for a password, or for what nobody packs with.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError, struct.error,
)  # fmt: skip
_DIGEST = 64
_PRIVATE = 0o600


class Damaged(Invalid):
    """The file is not what was written; ``findings`` name each thing that does not fit."""

    def __init__(self, name: str, findings: list[str]) -> None:
        super().__init__("\n".join(f"{name}: {each}" for each in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class TableCopy:
    """What the manifest says of a table: its columns in order, how many rows, how many bytes, and their SHA-256."""

    columns: list[str]
    rows: int
    bytes: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """What a backup is: when it was made (UTC), of which state of the schema, and what is in it.

    ``keys`` are the ids of the keys that its secrets are encrypted with; the keys themselves are in no backup.
    ``sequences`` gives for each the number that it would give next.
    """

    id: str
    made_at: datetime
    version: str
    migrations: list[str]
    keys: list[str]
    tables: dict[str, TableCopy] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    form: int = FORM

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables.values())

    def as_text(self) -> str:
        """The manifest as it stands in the file."""
        return json.dumps(asdict(self), default=str, indent=1, sort_keys=True)

    @classmethod
    def read(cls, text: str | bytes) -> Manifest:
        """What ``as_text`` wrote. Raises Invalid for anything else."""
        try:
            told = json.loads(text)
            if told["form"] != FORM:
                raise Invalid(f"It is of the form {told['form']}, which this version does not read.")
            told["tables"] = {name: TableCopy(**table) for name, table in told["tables"].items()}
            told["made_at"] = datetime.fromisoformat(told["made_at"])
            return cls(**told)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Invalid(f"Its manifest cannot be read: {error}") from error


class Writer:
    """Writes the members of an archive, one after the other."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def table(self, name: str, columns: list[str], parts: Iterable[bytes | memoryview]) -> TableCopy:
        """Write what the database gives of a table: a line a row."""
        digest, rows, size = hashlib.sha256(), 0, 0
        with self._file.open(member_of(name), "w", force_zip64=True) as member:
            for part in parts:
                block = bytes(part)
                digest.update(block)
                rows += block.count(b"\n")
                size += len(block)
                member.write(block)
        return TableCopy(columns, rows, size, digest.hexdigest())

    def manifest(self, manifest: Manifest) -> None:
        """Write what is in the archive; the last that is written."""
        self._file.writestr(MANIFEST, manifest.as_text())


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """An archive that is at ``path`` once all of it is on the disk, and not at all if anything fails before."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                archive.comment = b"0" * _DIGEST
                yield Writer(archive)
            _end_with_digest(file, draft)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def clear_drafts(folder: Path) -> None:
    """Take away what backups left there that were killed: drafts that nobody has written to for ABANDONED seconds."""
    for draft in folder.glob(".*.partial"):
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > ABANDONED:
                draft.unlink()


def look_into(path: Path) -> Manifest:
    """The manifest, without checking more than that it can be read. Raises Damaged, OSError."""
    with _opened(path) as archive:
        return _manifest_of(path, archive)


def verify(path: Path) -> Manifest:
    """Read everything and compare it with what was written. Raises Damaged with all that does not fit, OSError."""
    if _told_digest(path) != _digest_of(path):
        raise Damaged(path.name, ["its digest does not fit: it was changed or cut off since it was written."])
    with _opened(path) as archive:
        manifest = _manifest_of(path, archive)
        findings = [*_missing(archive, manifest), *_differing(archive, manifest)]
    if findings:
        raise Damaged(path.name, findings)
    return manifest


@contextmanager
def table_of(path: Path, name: str) -> Iterator[Iterator[bytes]]:
    """The text of a table, part by part. Raises Damaged."""
    with _opened(path) as archive, archive.open(member_of(name)) as member:
        yield iter(lambda: member.read(PART), b"")


def member_of(table: str) -> str:
    """By which name the text of ``table`` is in an archive."""
    return f"tables/{table}.copy"


def _manifest_of(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        return Manifest.read(archive.read(MANIFEST))
    except (KeyError, Invalid) as error:
        raise Damaged(path.name, [str(error)]) from error


def _missing(archive: zipfile.ZipFile, manifest: Manifest) -> Iterator[str]:
    expected = {member_of(name) for name in manifest.tables} | {MANIFEST}
    present = archive.namelist()
    yield from (f"{name} is missing." for name in sorted(expected - set(present)))
    yield from (f"{name} is in it, and not in its manifest." for name in sorted(set(present) - expected))
    if len(present) != len(set(present)):
        yield "it holds two parts of one name."


def _differing(archive: zipfile.ZipFile, manifest: Manifest) -> Iterator[str]:
    present = set(archive.namelist())
    for name, told in manifest.tables.items():
        if member_of(name) in present:
            digest, rows = hashlib.sha256(), 0
            with archive.open(member_of(name)) as member:
                while part := member.read(PART):
                    digest.update(part)
                    rows += part.count(b"\n")
            if rows != told.rows:
                yield f"{name} has {rows:,} rows, its manifest says {told.rows:,}."
            if digest.hexdigest() != told.sha256:
                yield f"{name} is not what its manifest has: the checksum differs."


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _UNREADABLE as error:
        raise Damaged(path.name, [f"it cannot be read: {error}"]) from error


def _end_with_digest(file: BinaryIO, path: Path) -> None:
    """Put the digest of everything before it in the place that was kept for it."""
    file.flush()
    digest = _digest_of(path)
    file.seek(-_DIGEST, os.SEEK_END)
    file.write(digest.encode())


def _digest_of(path: Path) -> str:
    """The SHA-256 of a file but for its last 64 bytes."""
    digest, left = hashlib.sha256(), path.stat().st_size - _DIGEST
    with path.open("rb") as file:
        while left > 0 and (part := file.read(min(PART, left))):
            digest.update(part)
            left -= len(part)
    return digest.hexdigest()


def _told_digest(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(-min(_DIGEST, path.stat().st_size), os.SEEK_END)
        return file.read().decode("ascii", "replace")
