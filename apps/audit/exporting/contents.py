"""What an export contains, read as a stream in the order of the seals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from psycopg import sql

from apps.audit import canonical, judging, leaves, merkle
from apps.audit.findings import model_of
from apps.audit.judging import Span
from apps.audit.models import Layout
from apps.audit.owners import rows_of
from apps.audit.snapshots import View
from apps.core.errors import Invalid
from apps.incidents.models import Incident
from apps.teams.models import Team


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the record: the seals ``first`` to ``last``; of one team or, None, everybody."""

    first: int
    last: int
    team: Team | None
    private: bool

    @property
    def whole(self) -> bool:
        """Whether every row that the seals cover is in it, or named."""
        return self.team is None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place in the tree of its seal (None: no seal has it), and its text (None: it is withheld)."""

    seal: int | None
    place: int | None
    table: str
    number: int
    text: str | None

    def as_json(self) -> dict[str, Any]:
        """The row as a line of rows.jsonl."""
        told = {"table": self.table, "row": self.number, "seal": self.seal, "place": self.place}
        return told if self.text is None else told | {"text": self.text}


def seals_between(view: View, begin: datetime | None, end: datetime | None) -> tuple[int, int]:
    """The first and the last seal over what was recorded from ``begin`` to ``end``. Raises Invalid without any.

    From the beginning of all is from the first that there should be.
    """
    ((first, last),) = view.ask(
        """
        WITH made AS (SELECT number, (body::jsonb ->> 'at')::timestamptz AS at FROM audit_seal)
        SELECT (SELECT min(number) FROM made WHERE at >= coalesce(%(begin)s, '-infinity'::timestamptz)),
               (SELECT coalesce((SELECT min(number) FROM made WHERE at >= %(end)s::timestamptz), max(number)) FROM made)
        """,
        {"begin": begin, "end": end},
    )
    if first is None or first > last:
        raise Invalid("Nothing was sealed in that time.")
    return (first if begin else min(first, 1)), last


def seals(view: View, scope: Scope) -> Iterator[dict[str, Any]]:
    """The seals from the first that is needed to the newest."""
    for number, body, digest in view.stream(
        "SELECT number, body, digest FROM audit_seal WHERE number >= %s ORDER BY number", [scope.first]
    ):
        yield {"number": number, "body": body, "hash": digest}


def stretches(view: View, scope: Scope) -> Iterator[dict[str, Any]]:
    """The leaves of the seals."""
    known = leaves.layouts(view)
    for seal, layout, numbers, digests in view.stream(_STRETCHES, [scope.first, scope.last]):
        each = list(leaves.pairs(numbers, digests))
        yield {
            "seal": seal, "table": known[layout].table,
            "rows": [number for number, _ in each], "digests": [digest.hex() for _, digest in each],
        }  # fmt: skip


def keys(view: View) -> dict[str, str]:
    """The column that numbers the rows, of every table."""
    known = [*leaves.layouts(view).values(), *map(canonical.layout_of, canonical.sealed_models())]
    return {layout.table: layout.told["key"] for layout in known}


def rows(view: View, scope: Scope) -> Iterator[Row]:
    """The rows that are sealed, by seal and place; then those that no seal has though it should."""
    known = [layout for layout in leaves.layouts(view).values() if not leaves.missing_columns(view, layout)]
    parts = [_sealed(layout, scope) for layout in known]
    if parts:
        query = sql.SQL(" UNION ALL ").join(part for part, _ in parts) + sql.SQL(" ORDER BY 1, 2")
        for row in view.stream(query, [each for _, parameters in parts for each in parameters]):
            yield Row(*row)
    span = judging.span_of(view)
    for model in canonical.sealed_models():
        layout = canonical.layout_of(model)
        query, parameters = _strays(layout, scope, span)
        for number, text in view.stream(query, parameters):
            yield Row(None, None, layout.table, number, text)


def with_proofs(view: View, found: Iterator[Row]) -> Iterator[dict[str, Any]]:
    """The rows as lines of rows.jsonl, each with the proof that its seal has it. Holds one seal's tree in memory."""
    known = leaves.layouts(view)
    for seal, group in groupby(found, key=lambda row: row.seal):
        if seal is None:
            yield from (row.as_json() for row in group)
            continue
        proofs = merkle.Proofs([
            merkle.leaf_of(known[layout].table, number, digest)
            for _, layout, numbers, digests in view.stream(_STRETCHES, [seal, seal])
            for number, digest in leaves.pairs(numbers, digests)
        ])  # fmt: skip
        for row in group:
            yield row.as_json() | {"proof": [each.hex() for each in proofs.of(row.place or 0)]}


_STRETCHES = """
    SELECT seal_id, layout_id, numbers, digests FROM audit_leaves WHERE seal_id BETWEEN %s AND %s
     ORDER BY seal_id, position, id
"""

_SEALED = sql.SQL(
    """
    SELECT l.seal_id AS seal, l.place, {table} AS "table", r.number,
           CASE WHEN a.number IS NOT NULL THEN r.text END AS text
      FROM (SELECT s.seal_id, s.position + leaf.ordinality - 1 AS place, leaf.number
              FROM audit_leaves s CROSS JOIN LATERAL unnest(s.numbers) WITH ORDINALITY AS leaf (number, ordinality)
             WHERE s.layout_id = %s AND s.seal_id BETWEEN %s AND %s) AS l
      JOIN ({rows}) AS r ON r.number = l.number
      {joined} ({allowed}) AS a (number) ON a.number = r.number
    """
)

_STRAYS = sql.SQL(
    """
    SELECT r.number, r.text
      FROM ({rows}) AS r
      JOIN ({allowed}) AS a (number) ON a.number = r.number
      LEFT JOIN (SELECT unnest(s.numbers) AS number
                   FROM audit_leaves s JOIN audit_layout y ON y.id = s.layout_id WHERE y."table" = {table}) AS l
        ON l.number = r.number
     WHERE l.number IS NULL
       AND NOT ((%s OR r.written_in >= %s AND r.written_in < %s) AND r.written_as = ANY(%s))
    """
)


def _sealed(layout: Layout, scope: Scope) -> tuple[sql.Composed, list[Any]]:
    """The query of the rows with leaves of ``layout``, and its parameters. Of one team's: none but theirs."""
    allowed, parameters = _allowed(layout, scope)
    query = _SEALED.format(
        table=sql.Literal(layout.table), rows=canonical.rows(layout), allowed=allowed,
        joined=sql.SQL("LEFT JOIN" if scope.whole else "JOIN"),
    )  # fmt: skip
    return query, [layout.pk, scope.first, scope.last, *parameters]


def _strays(layout: Layout, scope: Scope, span: Span) -> tuple[sql.Composed, list[Any]]:
    """The query of the rows without a leaf that do not wait for their seal, as ``Span.waits`` has it."""
    allowed, parameters = _allowed(layout, scope)
    query = _STRAYS.format(table=sql.Literal(layout.table), rows=canonical.rows(layout), allowed=allowed)
    return query, [*parameters, span.begins, span.position, span.next, settings.AUDIT_DATABASE_ROLES]


def _allowed(layout: Layout, scope: Scope) -> tuple[sql.SQL, list[Any]]:
    """The query of the keys that the scope lets out, and its parameters."""
    model = model_of(layout.table)
    teams = None if scope.team is None else [scope.team.pk]
    incidents = None if scope.private else Incident.objects.filter(private=False)
    allowed = None if model is None else rows_of(model, teams=teams, incidents=incidents)
    if allowed is None:
        return sql.SQL("SELECT 0 WHERE false"), []
    text, parameters = allowed.values("pk").query.sql_with_params()
    return sql.SQL(text), list(parameters)
