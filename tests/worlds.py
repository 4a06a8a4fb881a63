"""Organisations that many tests begin with: built once a process by the product's own actions, then copied as rows.

Only what lies in the database is remembered, so whatever is built here must leave nothing else behind.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.core import mail
from django.db import connection, transaction

from tests.tables import tables

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """What ``build`` returned, the rows that it left, as PostgreSQL copies them out, and the last number of each kind.

    A sequence that was begun anew within a transaction stands, once that is rolled back, where it did before.
    """

    told: object
    rows: dict[str, bytes]
    numbers: dict[str, int]


_known: dict[object, World] = {}


def remembered(key: object, build: Callable[[], T]) -> T:
    """What ``build`` makes, with all its rows, in the database of the test; ``key`` says what it depends on.

    Built and kept where the database is empty; copied from then on. A test that has rows already builds for itself.
    """
    # Where a test commits, what waits for the commit has happened as well.
    key = key, connection.in_atomic_block
    if key not in _known:
        if _filled():
            return build()
        told = build()
        assert not mail.outbox, "a world that is copied sends nothing"
        filled = _filled()
        _known[key] = World(copy.deepcopy(told), {table: _copied(table) for table in filled}, _numbers(filled))
        return told
    world = _known[key]
    with transaction.atomic(), connection.cursor() as cursor:
        # As a replica no trigger fires and no foreign key is checked: it was all done when the rows were made.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in world.rows.items():
            with cursor.copy(f"COPY {_quoted(table)} FROM STDIN (FORMAT BINARY)") as into:
                into.write(rows)
        cursor.execute("SET LOCAL session_replication_role = origin")
        moved = (
            f"setval('{sequence}', greatest({number}, (SELECT last_value FROM {sequence})))"  # noqa: S608  (our own)
            for sequence, number in world.numbers.items()
        )
        cursor.execute(f"SELECT {', '.join(moved)}")
    return copy.deepcopy(world.told)


def _filled() -> list[str]:
    """The tables that hold a row; those that every database of the tests has from the start do not count."""
    known = tables()
    asked = " UNION ALL ".join(
        f"SELECT {number} WHERE EXISTS (SELECT FROM {_quoted(table)})"  # noqa: S608  (our own tables)
        for number, table in enumerate(known)
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [known[number] for (number,) in cursor.fetchall()]


def _copied(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {_quoted(table)} TO STDOUT (FORMAT BINARY)") as rows:
        return b"".join(rows)


def _numbers(filled: list[str]) -> dict[str, int]:
    """The highest number of each of the tables that count their rows, by the name of its sequence."""
    found = {}
    with connection.cursor() as cursor:
        for table in filled:
            columns = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attidentity <> ''"
            cursor.execute(columns, [_quoted(table)])
            for (column,) in cursor.fetchall():
                asked = f"SELECT pg_get_serial_sequence(%s, %s), max({_quoted(column)}) FROM {_quoted(table)}"  # noqa: S608
                cursor.execute(asked, [_quoted(table), column])
                sequence, number = cursor.fetchone()
                found[sequence] = number
    return found


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
