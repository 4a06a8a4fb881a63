"""Operations of migrations that leave no plain text of a column that has become encrypted, nor of its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RunPython
from psycopg import sql

from apps.core.encryption import concealed, encrypt

log = structlog.get_logger(__name__)

#: What a column held that held nothing: text, and an object.
_NOTHING = ("", "{}")


def encrypt_column(table: str, column: str) -> RunPython:
    """Encrypt what stands in a column, which is text by now. There is no way back."""

    def run(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        _rewrite(schema_editor, table, column, lambda text: "" if text in _NOTHING else encrypt(text))

    return RunPython(run)


def conceal_column(table: str, column: str, *, where: str = "TRUE") -> RunPython:
    """Put what may be told of a secret into its place, in the rows that the condition ``where`` names."""

    def run(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        _rewrite(schema_editor, table, column, concealed, where=where)

    return RunPython(run)


def conceal_history(table: str, column: str, *, where: str = "TRUE", is_object: bool = False) -> RunPython:
    """The same for a table that is append-only, unless seals stand over its rows: then they stay, and that is said.

    Whoever migrates owns the table, and switches its triggers off meanwhile.
    """

    def run(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        if _is_sealed(schema_editor):
            log.warning("sealed_plain_text_stays", table=table, column=column, advice="Change what was secret in it.")
            return
        name = schema_editor.quote_name(table)
        schema_editor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        _rewrite(schema_editor, table, column, _object if is_object else concealed, where=where)
        schema_editor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")

    return RunPython(run)


def _object(text: str) -> str:
    return "{}" if text in _NOTHING else f'{{"concealed": "{concealed(text)}"}}'


def _is_sealed(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('audit_leaves') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT EXISTS (SELECT 1 FROM audit_leaves)")
        return bool(cursor.fetchone()[0])


def _rewrite(
    schema_editor: BaseDatabaseSchemaEditor, table: str, column: str, change: Callable[[str], str], where: str = "TRUE"
) -> None:
    """Let each value that is no empty text be what ``change`` makes of it; ``where`` is SQL of our own."""
    names: dict[str, sql.Composable] = {
        "table": sql.Identifier(table),
        "column": sql.Identifier(column),
        "where": sql.SQL(where),
    }
    kind = "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s"
    found = sql.SQL("SELECT ctid::text, {column}::text FROM {table} WHERE {column}::text <> '' AND {where}")
    write = sql.SQL("UPDATE {table} SET {column} = %s::{type} WHERE ctid = %s::tid")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(kind, [table, column])
        names["type"] = sql.SQL(cursor.fetchone()[0])
        cursor.execute(found.format(**names))
        for row, text in cursor.fetchall():
            cursor.execute(write.format(**names), [change(text), row])
