"""Writes what is held on a person into a ZIP, as a stream: however much it is, a few rows are in memory at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import TextIOWrapper
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from apps.core import clock
from apps.core.audited import Act, note
from apps.core.errors import NotAllowed
from apps.privacy import inventory, reasons
from apps.privacy.inventory import Part
from apps.rosters.tables.files import as_text
from apps.teams import access
from apps.teams.models import User

#: So many rows are in memory at a time.
FETCHED = 500

_README = """WHAT IS HELD ON {who}
Made {made} UTC.

A file for each table, a line of JSON for each row (.jsonl), and as a table for spreadsheets where a row is that (.csv).
The name of a file is the table's, so that "rosters.shift" are shifts and "rosters.historicalabsence" what was ever said
of leave. Other people, teams and incidents stand there by their numbers.

  .._named    rows that name you and are somebody else's: numbers and times alone
  .._changed  what you changed of others' rows: what, when and how, and not to what
  .._hidden   rows of private incidents that you may not see (any more): without anybody's words but your own
  audit.entry_about   what the record says was done to your account

Left out are passwords, tokens, keys and what else is secret, even if it is yours; and

{left_out}

FILES

{files}
"""


class _Encoder(DjangoJSONEncoder):
    """Ranges and addresses as text, too."""

    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)


def export(person: User, file: IO[bytes], *, by: User, reason: str = "") -> None:
    """Write everything that is held on ``person`` to ``file``: for themselves, or for an administrator with a reason.

    That it was done is told to the audit stream. Raises NotAllowed for anybody else, Invalid without a reason or for
    one that names them.
    """
    if by.pk != person.pk:
        if not access.is_administrator(by):
            raise NotAllowed("Whoever administrates exports the data of others.")
        reason = reasons.checked(reason, person)
    with transaction.atomic(), ZipFile(file, "w", ZIP_DEFLATED) as archive:
        counts = {part.name: _write(archive, part) for part in inventory.parts(person)}
        archive.writestr("README.txt", _readme(person, counts))
        _tell(person, by=by, reason=reason, rows=sum(counts.values()))


def _tell(person: User, *, by: User, reason: str, rows: int) -> None:
    if by.pk == person.pk:
        note(Act.EXPORTED, "Took away their own data", by=by, about=person, rows=rows)
    else:
        note(Act.EXPORTED, f"Took away the data of person {person.pk}", by=by, about=person, rows=rows, reason=reason)


def _write(archive: ZipFile, part: Part) -> int:
    """Write the rows of a part; return how many there were. Without any there is no file."""
    rows = _rows(part)
    first = next(rows, None)
    if first is None:
        return 0
    count = 0
    with archive.open(f"{part.name}.jsonl", "w", force_zip64=True) as lines:
        for row in _with(first, rows):
            lines.write(json.dumps(row, cls=_Encoder, ensure_ascii=False).encode() + b"\n")
            count += 1
    if part.is_tabular:
        with archive.open(f"{part.name}.csv", "w", force_zip64=True) as file:
            _write_table(TextIOWrapper(file, "utf-8", newline=""), part)
    return count


def _write_table(file: TextIOWrapper, part: Part) -> None:
    writer = csv.writer(file)
    writer.writerow(part.columns)
    for row in _rows(part):
        writer.writerow([as_text(cell) if isinstance(cell, str) else cell for cell in row.values()])
    file.flush()
    file.detach()


def _rows(part: Part) -> Iterator[dict[str, Any]]:
    found = part.model._default_manager.filter(part.whose).order_by("pk").values(*part.columns)
    return iter(found.iterator(chunk_size=FETCHED))


def _with(first: dict[str, Any], others: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from others


def _readme(person: User, counts: dict[str, int]) -> str:
    left_out = sorted(set(inventory.EXEMPT.items()))
    return _README.format(
        who=f"{person} ({person.email})",
        made=f"{clock.now():%Y-%m-%d %H:%M}",
        left_out="\n".join(f"  {label}: {why}" for label, why in left_out),
        files="\n".join(f"  {name}: {count:,}" for name, count in sorted(counts.items()) if count),
    )
