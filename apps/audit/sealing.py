"""Makes the seals: every minute one over the rows that were new, in one transaction, by one sealer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from apps.audit import canonical, merkle
from apps.audit.models import Layout, Leaves, PersonalKey, Seal
from apps.core import clock

#: Where nothing is new there is a seal all the same, so often: it proves until when nothing was.
HEARTBEAT = timedelta(hours=1)

#: So many leaves at most lie in one row of ``Leaves``.
STRETCH = 1000

#: The hash before the first seal.
NOTHING = "0" * 64

_LOCK = 0x5EA1


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where the database has got: all transactions below ``low`` are over, none from ``next`` on has begun."""

    system: str
    low: int
    next: int

    def begins_anew(self, told: dict[str, Any]) -> bool:
        """Whether this is another server than the one of the seal that says ``told``, or the same from a backup."""
        return bool(told["system"] != self.system or self.low < told["to"])


def seal() -> Seal | None:
    """Seal what is new. Returns None where nothing is and the last seal is not old enough for another one.

    What counts as new are the rows of transactions below the oldest one that still runs, so that none slips by which
    commits late. Two at once do no harm: the second waits for the first, and finds nothing new. Not within a
    transaction: its own rows would have to wait.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        wait_for_others()
        canonical.fix_settings(cursor)
        last = Seal.objects.order_by("-number").first()
        span = _span(last, position(cursor))
        tables = _tables_with_news(cursor, span)
        if not tables and not _heartbeat_is_due(last, span):
            return None
        number = span["number"]
        told = list(_write_leaves(cursor, tables, number, span))
        if not told and not _heartbeat_is_due(last, span):
            return None
        root = merkle.root_of(_leaves(number))
        count = sum(table["count"] for table in told)
        body = canonical.as_line(
            span | {"count": count, "tables": told, "root": root.hex(), "at": clock.now().isoformat()}
        )
        return Seal.objects.create(number=number, body=body, digest=canonical.digest_of(body))


def wait_for_others() -> None:
    """Let nobody else seal, or erase what is sealed, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def position(cursor: CursorWrapper) -> Position:
    """Where the database stands."""
    cursor.execute(
        """
        SELECT (SELECT system_identifier::text FROM pg_control_system()),
               pg_snapshot_xmin(snapshot)::text::bigint, pg_snapshot_xmax(snapshot)::text::bigint
          FROM pg_current_snapshot() AS snapshot
        """
    )
    return Position(*cursor.fetchone())


def _span(last: Seal | None, now: Position) -> dict[str, Any]:
    """What the next seal covers: number, hash before, epoch, and transactions ``from`` (inclusive) ``to`` (exclusive).

    Another server, or numbers that run backwards, begin an epoch: the rows came from a backup, and are sealed by what
    has no leaf yet, whatever their transaction says.
    """
    if last is None:
        epoch, begins, first, previous, number = 1, True, 0, NOTHING, 1
    else:
        told = last.told
        begins = now.begins_anew(told)
        epoch, first = told["epoch"] + begins, 0 if begins else told["to"]
        previous, number = last.digest, last.number + 1
    return {
        "number": number, "previous": previous, "epoch": epoch, "begins": begins, "system": now.system,
        "from": first, "to": now.low, "next": now.next,
    }  # fmt: skip


def _heartbeat_is_due(last: Seal | None, span: dict[str, Any]) -> bool:
    if last is None or span["begins"]:
        return True
    age = clock.now() - datetime.fromisoformat(last.told["at"])
    return not timedelta(0) <= age < HEARTBEAT


def _tables_with_news(cursor: CursorWrapper, span: dict[str, Any]) -> list[type[models.Model]]:
    """The models with rows in the span, in the order of their tables; one query."""
    known = {model._meta.db_table: model for model in canonical.sealed_models()}
    looks = [
        sql.SQL("SELECT {name} WHERE EXISTS (SELECT FROM {table} t WHERE {new})").format(
            name=sql.Literal(table), table=sql.Identifier(table), new=_is_new(span)
        )
        for table in known
    ]
    cursor.execute(sql.SQL(" UNION ALL ").join(looks))
    found = {row[0] for row in cursor.fetchall()}
    return [model for table, model in known.items() if table in found]


def _is_new(span: dict[str, Any]) -> sql.Composable:
    if span["begins"]:
        return sql.SQL("true")
    return sql.SQL("t.written_in >= {} AND t.written_in < {}").format(span["from"], span["to"])


def _write_leaves(
    cursor: CursorWrapper, tables: list[type[models.Model]], number: int, span: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Write the leaves of each table; yield what the seal says of those that had any."""
    position = 0
    for model in tables:
        layout = _stored(canonical.layout_of(model))
        if layout.told["whose"]:
            cursor.execute(_NEW_KEYS.format(**_names(layout), subject=canonical.subject(layout), new=_is_new(span)))
        cursor.execute(
            _NEW_LEAVES.format(**_names(layout), rows=canonical.rows(layout), new=_is_new(span)),
            {"seal": number, "layout": layout.pk, "table": layout.table, "position": position, "stretch": STRETCH},
        )
        written = cursor.fetchall()
        count = sum(row[0] for row in written)
        if count:
            yield {
                "table": layout.table, "layout": layout.digest, "count": count,
                "highest": max(row[1] for row in written),
            }  # fmt: skip
        position += count


def _stored(layout: Layout) -> Layout:
    stored, _ = Layout.objects.get_or_create(
        digest=layout.digest, defaults={"table": layout.table, "body": layout.body}
    )
    return stored


def _leaves(number: int) -> Iterator[bytes]:
    """The hashes of the leaves of the seal ``number``, as they lie in the table, a stretch in memory at a time."""
    for table, numbers, digests in (
        Leaves.objects.filter(seal_id=number)
        .order_by("position")
        .values_list("layout__table", "numbers", "digests")
        .iterator(chunk_size=20)
    ):
        for key, digest in zip(numbers, digests, strict=True):
            yield merkle.leaf_of(table, key, bytes(digest))


def _names(layout: Layout) -> dict[str, sql.Composable]:
    return {
        "table": sql.Identifier(layout.table),
        "key": sql.Identifier(layout.told["key"]),
        "leaves": sql.Identifier(Leaves._meta.db_table),
        "layouts": sql.Identifier(Layout._meta.db_table),
        "keys": sql.Identifier(PersonalKey._meta.db_table),
        "digest": canonical.DIGEST,
    }


_NEW_KEYS = sql.SQL(
    """
    INSERT INTO {keys} (subject, key)
    SELECT subject, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
      FROM (SELECT DISTINCT {subject} AS subject FROM {table} t WHERE {new}) AS new
    ON CONFLICT DO NOTHING
    """
)

# Whoever has a leaf already gets no second one: rows that came from a backup keep the transactions of another server,
# which the numbers of this one reach some day. Only stretches that reach up to the lowest candidate are looked at.
_NEW_LEAVES = sql.SQL(
    """
    WITH candidate AS MATERIALIZED (
        SELECT t.{key} AS number FROM {table} t WHERE {new}
    ), sealed AS MATERIALIZED (
        SELECT unnest(l.numbers) AS number
          FROM {leaves} l JOIN {layouts} y ON y.id = l.layout_id
         WHERE y."table" = %(table)s AND l.highest >= (SELECT min(number) FROM candidate)
    ), fresh AS MATERIALIZED (
        SELECT number FROM candidate EXCEPT SELECT number FROM sealed
    ), leaf AS (
        SELECT number, {digest} AS digest, row_number() OVER (ORDER BY written_in, number) - 1 AS place
          FROM ({rows} WHERE t.{key} IN (SELECT number FROM fresh)) AS canonical
    )
    INSERT INTO {leaves} (seal_id, layout_id, position, lowest, highest, numbers, digests)
    SELECT %(seal)s, %(layout)s, %(position)s + min(place), min(number), max(number),
           array_agg(number ORDER BY place), array_agg(digest ORDER BY place)
      FROM leaf GROUP BY place / %(stretch)s ORDER BY min(place)
    RETURNING cardinality(numbers), highest
    """
)
