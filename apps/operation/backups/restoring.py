"""Brings everything back: all tables at once, in one transaction, so that nobody ever sees half of it.

Until that transaction commits the data are what they were, whatever ends the process. It needs the database's owner:
the application's role may not rewrite what is append-only, and nor may the owner while the triggers stand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import Error as DatabaseFailure
from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from apps.audit import canonical
from apps.core.audited import Act, note
from apps.core.encryption import key_ids
from apps.core.errors import Busy, RuleViolation
from apps.core.locks import patiently
from apps.operation.backups import archive, making
from apps.operation.backups.archive import Manifest
from apps.privacy.erasing_again import Replayed, erase_again, whom_to_erase_again

#: For so long (seconds) it waits for those who work with the data just now, and so often it tries.
PATIENCE, ATTEMPTS = 5.0, 6

#: Of the tables that a backup leaves out, the one that stays: the state of the schema.
_STAYS = "django_migrations"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and who of it was erased again."""

    manifest: Manifest
    again: Replayed


def restore(path: Path) -> Restored:
    """Replace all data by those of the backup, which is verified before anything is touched.

    Whoever was erased since is erased again before anybody can read of them: who that is, is looked up once nobody
    else can erase, and it is certain with all the rest or not at all.

    References and counts are checked before it is certain, and no number that was ever given comes again; whoever was
    signed in has to sign in again. Raises Damaged, RuleViolation where the schema is another one or the role is not
    the owner's, Busy where others would not let go of the data.
    """
    manifest = archive.verify(path)
    check_schema(manifest)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with patiently(PATIENCE):
                again = _replace(path, manifest)
        except Busy:
            if attempt == ATTEMPTS:
                raise Busy("Others work with the data and did not let go; stop web server and workers.") from None
            time.sleep(0.2 * attempt)
        except DatabaseFailure as error:
            raise _in_words(error) from error
        else:
            break
    return Restored(manifest, again)


def check_schema(manifest: Manifest) -> None:
    """Raise RuleViolation unless the database has the tables that the backup was made of."""
    present, told = set(making.migrations()), set(manifest.migrations)
    if told == present:
        return
    missing, more = sorted(told - present), sorted(present - told)
    raise RuleViolation(
        f"{manifest.id} was made by version {manifest.version} with other tables"
        f" ({len(missing)} migrations are missing here{_first(missing)}, {len(more)} are new{_first(more)})."
        " Install that version into an empty database, migrate, restore, and bring the newer version afterwards."
    )


def missing_keys(manifest: Manifest) -> list[str]:
    """The ids of keys that the backup's secrets need and FIELD_KEYS does not hold."""
    held = key_ids()
    return [key for key in manifest.keys if key not in held]


@transaction.atomic
def _replace(path: Path, manifest: Manifest) -> Replayed:
    with connection.cursor() as cursor:
        canonical.fix_settings(cursor)
        present = _tables(cursor)
        missing = sorted(set(manifest.tables) - set(present))
        if missing:
            raise RuleViolation(f"These tables of {manifest.id} are not in the database: {', '.join(missing)}.")
        _each(cursor, "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", [sql.SQL(", ").join(map(sql.Identifier, present))])
        erased = whom_to_erase_again()
        _each(cursor, "ALTER TABLE {} DISABLE TRIGGER USER", map(sql.Identifier, present))
        _each(cursor, "TRUNCATE {}", [sql.SQL(", ").join(map(sql.Identifier, present))])
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for name in manifest.tables:
            _fill(cursor, path, manifest, name)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # every reference is looked at here
        _continue(cursor, manifest.sequences)
        _each(cursor, "ALTER TABLE {} ENABLE TRIGGER USER", map(sql.Identifier, present))
    note(Act.RESTORED, f"Restored everything from {manifest.id}", by=None, rows=manifest.rows)
    return erase_again(erased)


def _fill(cursor: CursorWrapper, path: Path, manifest: Manifest, table: str) -> None:
    told = manifest.tables[table]
    with archive.table_of(path, table) as parts, cursor.copy(copy_into(table, told.columns)) as copy:
        for part in parts:
            copy.write(part)
    cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
    (count,) = cursor.fetchone()
    if count != told.rows:
        raise RuleViolation(f"{table} has {count:,} rows after the restore, not {told.rows:,}; nothing was replaced.")


def copy_into(table: str, columns: Sequence[str]) -> sql.Composable:
    """The statement that takes the text of a table."""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), listed)


def _tables(cursor: CursorWrapper) -> list[str]:
    """Every table that is replaced or emptied, in the order in which they are locked."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [name for (name,) in cursor.fetchall() if name != _STAYS]


def _continue(cursor: CursorWrapper, told: Mapping[str, int]) -> None:
    """Let no number come again that was given, be it since the backup: providers know incidents by it.

    ``setval`` would hold though the transaction failed; this is undone with it.
    """
    statement = sql.SQL("ALTER SEQUENCE {} RESTART WITH {}")
    for sequence, number in making.next_numbers(cursor).items():
        following = max(number, told.get(sequence, number))
        cursor.execute(statement.format(sql.Identifier(sequence), sql.Literal(following)))


def _each(cursor: CursorWrapper, statement: str, names: Iterator[sql.Identifier] | list[sql.Composed]) -> None:
    for name in names:
        cursor.execute(sql.SQL(statement).format(name))


def _in_words(error: DatabaseFailure) -> RuleViolation:
    cause = error.__cause__
    if isinstance(cause, InsufficientPrivilege):
        return RuleViolation("Only the database's owner restores: set DATABASE_OWNER_URL. Nothing was replaced.")
    if isinstance(error, IntegrityError):
        return RuleViolation(f"The backup refers to what is not in it: {cause}. Nothing was replaced.")
    return RuleViolation(f"The database refused it, and nothing was replaced: {cause or error}")


def _first(names: list[str]) -> str:
    return f", the first {names[0]}" if names else ""
