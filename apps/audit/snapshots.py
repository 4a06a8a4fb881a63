"""Connections that look at one state of the database, so that several can share the work of looking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from apps.audit import canonical

#: So many rows of an answer are in memory at a time.
FETCHED = 2000

_READ = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

#: How many rows an array holds the planner does not know; it takes them for a few, and looks up each by the index.
_HASH = "SET LOCAL enable_nestloop = off"


class View:
    """One connection, looking at one state. Not to be used by two threads at once."""

    def __init__(self, wrapper: BaseDatabaseWrapper) -> None:
        self._wrapper = wrapper

    def cursor(self) -> CursorWrapper:
        """A cursor for a question or two."""
        return self._wrapper.cursor()

    def ask(self, query: sql.Composable | str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """All rows of a short answer."""
        with self.cursor() as cursor:
            cursor.execute(query, parameters)
            return list(cursor.fetchall())

    def stream(self, query: sql.Composable | str, parameters: Any = None) -> Iterator[tuple[Any, ...]]:
        """The rows of an answer, however long it is."""
        with self._wrapper.chunked_cursor() as cursor:
            cursor.execute(query, parameters)
            while rows := cursor.fetchmany(FETCHED):
                yield from rows


@contextmanager
def views(number: int) -> Iterator[list[View]]:
    """So many connections of their own that all look at the present state, and go on looking at it."""
    with ExitStack() as stack:
        made: list[View] = []
        shared = ""
        for _ in range(number):
            wrapper = connections.create_connection(DEFAULT_DB_ALIAS)
            wrapper.inc_thread_sharing()
            stack.callback(wrapper.close)
            wrapper.set_autocommit(False)
            with wrapper.cursor() as cursor:
                cursor.execute(_READ)
                cursor.execute(_HASH)
                if shared:
                    cursor.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(shared))
                else:
                    cursor.execute("SELECT pg_export_snapshot()")
                    shared = cursor.fetchone()[0]
                canonical.fix_settings(cursor)
            made.append(View(wrapper))
        yield made
