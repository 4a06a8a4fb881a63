"""Whether the rows are what was sealed: compared in the database, which answers with what does not fit alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import models
from psycopg import sql

from apps.audit import canonical
from apps.audit.models import Layout
from apps.audit.snapshots import View

#: So many leaves are compared at a time: enough to be quick, few enough to be joined in memory.
SLICE = 100_000

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class SealedTable:
    """One table, and the layouts that its leaves have; ``readable`` are those whose columns there still are."""

    model: type[models.Model]
    layouts: tuple[Layout, ...]
    readable: tuple[Layout, ...]

    @property
    def name(self) -> str:
        """As the database calls it."""
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        """The column that numbers its rows."""
        return str(self.model._meta.pk.column)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a table from key ``low`` to ``high``, both included, and how many leaves they have."""

    table: SealedTable
    low: int
    high: int
    leaves: int


@dataclass(frozen=True, slots=True)
class Differing:
    """A leaf whose row is gone (``digest`` is None) or has another digest than was sealed."""

    layout: Layout
    row: int
    seal: int
    sealed: bytes
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A row without a leaf, or one that a role wrote which is not of the house."""

    table: str
    row: int
    written_in: int
    written_as: str
    has_leaf: bool


def slices(view: View, table: SealedTable) -> Iterator[Slice]:
    """Cut the keys of a table so that each slice has about SLICE leaves; together they are all keys."""
    low, leaves, reached = _LOWEST, 0, _LOWEST
    for lowest, highest, count in view.stream(_STRETCHES, [_ids(table.layouts)]):
        if leaves >= SLICE and lowest > reached:
            yield Slice(table, low, lowest - 1, leaves)
            low, leaves = lowest, 0
        leaves, reached = leaves + count, max(reached, highest)
    yield Slice(table, low, _HIGHEST, leaves)


def differing(view: View, part: Slice) -> Iterator[Differing]:
    """The leaves of a slice that do not fit their rows."""
    for layout in part.table.readable:
        query = _DIFFERING.format(
            digest=canonical.DIGEST, rows=canonical.rows(layout), key=sql.Identifier(part.table.key)
        )
        for row in view.stream(query, _bounds(part) | {"layouts": [layout.pk]}):
            yield Differing(layout, *row)


def unsealed(view: View, part: Slice, *, roles: Sequence[str]) -> Iterator[Unsealed]:
    """The rows of a slice that have no leaf, or were written as none of ``roles``."""
    query = _UNSEALED.format(table=sql.Identifier(part.table.name), key=sql.Identifier(part.table.key))
    bounds = _bounds(part) | {"layouts": _ids(part.table.layouts), "roles": list(roles)}
    for row in view.stream(query, bounds):
        yield Unsealed(part.table.name, *row)


def exchanged(view: View, layout: Layout, numbers: list[int]) -> dict[int, int]:
    """Which of the rows ``numbers`` say, but for their key, what was sealed as another one of them: row by row."""
    joined = sql.SQL(" JOIN leaf l ON l.number <> t.{key}").format(key=sql.Identifier(layout.told["key"]))
    query = _EXCHANGED.format(
        digest=canonical.DIGEST,
        rows=canonical.rows(layout, key=sql.SQL("l.number"), joined=joined),
        key=sql.Identifier(layout.told["key"]),
    )
    return dict(view.ask(query, {"layout": layout.pk, "numbers": numbers}))


def _bounds(part: Slice) -> dict[str, object]:
    return {"low": part.low, "high": part.high}


def _ids(layouts: Iterable[Layout]) -> list[int]:
    return [layout.pk for layout in layouts]


_STRETCHES = "SELECT lowest, highest, cardinality(numbers) FROM audit_leaves WHERE layout_id = ANY(%s) ORDER BY lowest"

_DIFFERING = sql.SQL(
    """
    SELECT l.number, l.seal_id, l.digest, r.digest
      FROM (SELECT s.seal_id, leaf.number, leaf.digest
              FROM audit_leaves s CROSS JOIN LATERAL unnest(s.numbers, s.digests) AS leaf (number, digest)
             WHERE s.layout_id = ANY(%(layouts)s) AND s.highest >= %(low)s AND s.lowest <= %(high)s
               AND leaf.number BETWEEN %(low)s AND %(high)s) AS l
      LEFT JOIN (SELECT number, {digest} AS digest
                   FROM ({rows} WHERE t.{key} BETWEEN %(low)s AND %(high)s) AS canonical) AS r ON r.number = l.number
     WHERE r.digest IS DISTINCT FROM l.digest
    """
)

_UNSEALED = sql.SQL(
    """
    SELECT t.{key}, t.written_in, t.written_as, l.number IS NOT NULL
      FROM {table} t
      LEFT JOIN (SELECT leaf.number
                   FROM audit_leaves s CROSS JOIN LATERAL unnest(s.numbers) AS leaf (number)
                  WHERE s.layout_id = ANY(%(layouts)s) AND s.highest >= %(low)s AND s.lowest <= %(high)s) AS l
        ON l.number = t.{key}
     WHERE t.{key} BETWEEN %(low)s AND %(high)s AND (l.number IS NULL OR t.written_as <> ALL(%(roles)s))
     ORDER BY t.{key}
    """
)

_EXCHANGED = sql.SQL(
    """
    WITH leaf AS MATERIALIZED (
        SELECT each.number, each.digest
          FROM audit_leaves s CROSS JOIN LATERAL unnest(s.numbers, s.digests) AS each (number, digest)
         WHERE s.layout_id = %(layout)s AND each.number = ANY(%(numbers)s)
    )
    SELECT canonical.number, leaf.number
      FROM ({rows} WHERE t.{key} = ANY(%(numbers)s)) AS canonical
      JOIN leaf ON leaf.digest = {digest}
    """
)
