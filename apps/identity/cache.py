"""Django's cache in the database, which forgets nothing before its time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connections


class CountingCache(DatabaseCache):
    """Keeps counters and used codes until they expire, however many there are.

    Django's takes live entries away where there are too many: then whoever makes many resets what limits them.
    """

    def _cull(self, db: str, cursor: Any, now: datetime, num: int) -> None:
        connection = connections[db]
        table = connection.ops.quote_name(self._table)
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [connection.ops.adapt_datetimefield_value(now)])  # noqa: S608
