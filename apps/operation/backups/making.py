"""Makes a backup while the house works: everything that is in it is the state of one instant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from apps.audit.snapshots import View, views
from apps.core import clock
from apps.core.audited import Act, note
from apps.core.encryption import key_ids
from apps.core.errors import Busy
from apps.core.version import VERSION
from apps.operation.backups import archive, shelf
from apps.operation.backups.archive import Manifest, TableCopy, Writer

#: What describes the code, and what ends with a restore: who is signed in, and what limits guessing.
LEFT_OUT = {"django_migrations", "django_session", "usersessions_usersession", "identity_remembered"}

_LOCK = 0xBAC0


def create() -> Manifest:
    """Write a backup of the present state and return what is in it; nobody is held up by it.

    Raises Busy where another one is being made, RuleViolation where BACKUP_DIR cannot be used, OSError where the disk
    is full: no half of a backup is left then.
    """
    with _alone():
        archive.clear_drafts(shelf.folder())
        now = clock.now()
        backup_id = shelf.new_id(now)
        with views(1) as (view,), archive.written(shelf.path_of(backup_id)) as writer:
            manifest = Manifest(backup_id, now, VERSION, migrations(), key_ids())
            for table, columns in tables(view).items():
                manifest.tables[table] = _copy(view, writer, table, columns)
            manifest.sequences = next_numbers(view.cursor())  # after the tables: no row has a number that comes again
            writer.manifest(manifest)
        note(Act.BACKED_UP, f"Made {backup_id}", by=None, rows=manifest.rows)
        return manifest


def tables(view: View) -> dict[str, list[str]]:
    """The tables that a backup holds, each with the columns that are stored and not computed, in their order."""
    rows = view.ask(
        """
        SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
           AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         GROUP BY c.relname ORDER BY c.relname
        """
    )
    return {name: list(columns) for name, columns in rows if name not in LEFT_OUT}


def migrations() -> list[str]:
    """The state of the schema, as the names of the migrations that led to it."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _copy(view: View, writer: Writer, table: str, columns: list[str]) -> TableCopy:
    query = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), _listed(columns))
    with view.cursor() as cursor, cursor.copy(query) as parts:
        return writer.table(table, columns, parts)


def _listed(columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def next_numbers(cursor: CursorWrapper) -> dict[str, int]:
    """What each sequence gives next. Asked of the sequences: ``pg_sequences`` knows none that was restarted."""
    cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename")
    names = [name for (name,) in cursor.fetchall()]
    one = sql.SQL("SELECT {}, last_value + is_called::int FROM {}")
    cursor.execute(sql.SQL(" UNION ALL ").join(one.format(sql.Literal(name), sql.Identifier(name)) for name in names))
    return dict(cursor.fetchall())


@contextmanager
def _alone() -> Iterator[None]:
    """Let nobody else make a backup until the end. Raises Busy where somebody does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Busy("A backup is being made just now.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
