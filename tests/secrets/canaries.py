"""Secrets that are looked for, and everywhere that a secret might be found."""

from __future__ import annotations

import logging
import logging.config
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import Resolver404, resolve
from psycopg import sql

#: What changes, or ends, what is looked at.
LEFT_OUT = ("/logout/", "/admin/logout/", "/static/")
_OF_ANYTHING, _OF_BYTES = sql.SQL("t.{}::text"), sql.SQL("encode(t.{}, 'escape')")
_HOLDS = sql.SQL(
    "SELECT looked.for_it FROM unnest(%s::text[]) AS looked (for_it)"
    " WHERE EXISTS (SELECT 1 FROM {table} t WHERE strpos({text}, looked.for_it) > 0)"
)
_LINK = re.compile(r'href="(/[^"#?]*)')


@contextmanager
def listening() -> Iterator[StringIO]:
    """Everything that is logged within, of every level, as the house writes it."""
    heard = StringIO()
    handler = logging.StreamHandler(heard)
    handler.setFormatter(_house())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def _house() -> logging.Formatter:
    made = logging.config.DictConfigurator(settings.LOGGING)
    return made.configure_formatter(made.config["formatters"]["house"])


def found_in_database(secrets: Iterable[str]) -> list[str]:
    """Every column of every table that holds one of ``secrets``, as text or as its bytes, with the secret."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        )
        for table, column, kind in cursor.fetchall():
            query = _HOLDS.format(
                table=sql.Identifier(table),
                text=(_OF_BYTES if kind == "bytea" else _OF_ANYTHING).format(sql.Identifier(column)),
            )
            cursor.execute(query, [list(secrets)])
            found += [f"{table}.{column}: {secret}" for (secret,) in cursor.fetchall()]
    return found


def pages(client: Client, starts: Iterable[str], *, of_each: int = 2) -> Iterator[tuple[str, str]]:
    """Addresses and what is answered there: a few of each route that links lead to, files included."""
    waiting, often, asked = list(starts), dict[str, int](), set[str]()
    while waiting:
        path = waiting.pop(0)
        route = _route(path)
        if route is None or path in asked or often.get(route, 0) >= of_each:
            continue
        asked.add(path)
        often[route] = often.get(route, 0) + 1
        answer: Any = client.get(path)
        if answer.status_code != 200:
            continue
        text = answer.getvalue().decode(errors="replace")
        yield path, text
        waiting += _LINK.findall(text)


def _route(path: str) -> str | None:
    if not path.startswith("/") or path.startswith(LEFT_OUT):
        return None
    try:
        return str(resolve(path).route)
    except Resolver404:
        return None
