"""The canonical text of a row, which is what is sealed: made by the database, always in the same form.

It is the JSON text of an object of the layout's columns, in its order. In the place of personal data stands their
commitment: the SHA-256 of the person's key and the value. When somebody is erased, the commitments are kept in the
place of key and value, so that the digest still holds (``core.personal``).
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from apps.audit.models import Layout, PersonalKey
from apps.core.models import Commitment, Erasure

NOTHING = sql.SQL("")

#: The digest of a canonical text, in SQL.
DIGEST = sql.SQL("sha256(convert_to(text, 'UTF8'))")

#: What a server, a database or a role may have set otherwise, and what the text would depend on.
FIXED = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "jit": "off",
}


def fix_settings(cursor: CursorWrapper) -> None:
    """Make the canonical text independent of the server's settings until the end of the transaction."""
    for name, value in FIXED.items():
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def sealed_models() -> list[type[models.Model]]:
    """Every model whose rows are sealed, by the name of its table."""
    found = [model for model in apps.get_models(include_auto_created=True) if getattr(model, "sealed", False)]
    return sorted(found, key=lambda model: model._meta.db_table)


def layout_of(model: type[models.Model]) -> Layout:
    """The layout of the model as it is now; not saved."""
    options, personal = model._meta, getattr(model, "personal", None)
    told = {
        "table": options.db_table,
        "key": str(options.pk.column) if options.pk else "id",
        "columns": sorted(str(field.column) for field in options.concrete_fields),
        "personal": [] if personal is None else sorted(personal.columns),
        "whose": None if personal is None else {"kind": personal.kind, "of": personal.of},
    }
    body = as_line(told)
    return Layout(table=options.db_table, body=body, digest=digest_of(body))


def rows(layout: Layout, *, key: sql.Composable | None = None, joined: sql.Composable = NOTHING) -> sql.Composed:
    """A query of ``number``, ``written_in``, ``written_as`` and canonical ``text`` of the rows of a table.

    The rows are ``t``; ``joined`` may join other tables. ``key`` stands in the text for the row's own key.
    The session must have the settings of ``fix_settings``.
    """
    told = layout.told
    whose = told["whose"]
    keys = (
        sql.SQL(
            " LEFT JOIN {keys} k ON k.subject = {subject}"
            " LEFT JOIN {commitments} e ON e.\"table\" = {name} AND e.\"row\" = t.{key}"
            " LEFT JOIN {erasures} x ON x.id = e.erasure_id AND x.subject = {subject}"
        ).format(
            keys=sql.Identifier(PersonalKey._meta.db_table), subject=subject(layout),
            commitments=sql.Identifier(Commitment._meta.db_table), name=sql.Literal(layout.table),
            key=sql.Identifier(told["key"]), erasures=sql.Identifier(Erasure._meta.db_table),
        )
        if whose
        else NOTHING
    )  # fmt: skip
    columns = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(_value(name, layout, key), sql.Identifier(name)) for name in told["columns"]
    )
    return sql.SQL(
        "SELECT t.{key} AS number, t.written_in, t.written_as, row_to_json(canonical)::text AS text"
        " FROM {table} t{keys}{joined} CROSS JOIN LATERAL (SELECT {columns}) canonical"
    ).format(
        key=sql.Identifier(told["key"]), table=sql.Identifier(layout.table), keys=keys, joined=joined, columns=columns
    )


def subject(layout: Layout) -> sql.Composed:
    """Whose personal data the row ``t`` holds, as ``PersonalKey.subject`` names it."""
    whose = layout.told["whose"]
    return sql.SQL("{kind} || coalesce(t.{of}::text, '')").format(
        kind=sql.Literal(f"{whose['kind']}:"), of=sql.Identifier(whose["of"])
    )


def _value(name: str, layout: Layout, key: sql.Composable | None) -> sql.Composable:
    column = sql.SQL("t.{}").format(sql.Identifier(name))
    if key is not None and name == layout.told["key"]:
        return key
    if name not in layout.told["personal"]:
        return column
    return _PERSONAL.format(column=column, name=sql.Literal(name))


# Whose row is erased may say nothing: a commitment in the place of a value that is still there would let it be another.
# And one of somebody else's erasure would empty a row of which the record does not say so.
_PERSONAL = sql.SQL(
    "CASE WHEN e.id IS NOT NULL AND (x.id IS NULL OR {column}::text NOT IN ('', '{{}}')) THEN 'more than was erased'"
    " WHEN e.id IS NOT NULL THEN e.said ->> {name}"
    " WHEN {column} IS NOT NULL THEN encode(sha256(k.key || convert_to({column}::text, 'UTF8')), 'hex') END"
)


def as_line(told: dict[str, Any]) -> str:
    """``told`` as the one line of ASCII that is hashed."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def digest_of(line: str) -> str:
    """The SHA-256 of a line, in hexadecimal digits."""
    return sha256(line.encode()).hexdigest()
