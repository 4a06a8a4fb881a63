"""Whether the leaves of a seal give its root, and whether their rows were numbered when the seal says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from psycopg import sql

from apps.audit import canonical, merkle
from apps.audit.findings import Finding, Kind, named
from apps.audit.models import Layout
from apps.audit.snapshots import View

#: A row takes its number a moment before its transaction; never as long as from one seal to the one after the next.
MARGIN = 2

#: Of a seal with more leaves than that is not said which one was changed: that would take all of them in memory.
EXPLAINED = 500_000

#: One stretch of leaves: seal, layout, position, keys, digests.
Stretch = tuple[int, int, int, list[int | None], list[bytes | None]]

_STREAM = "SELECT seal_id, layout_id, position, numbers, digests FROM audit_leaves ORDER BY seal_id, position, id"
_OF_SEAL = "SELECT layout_id, numbers, digests FROM audit_leaves WHERE seal_id = %s ORDER BY position, id"


class Walk:
    """Goes through the leaves of all seals, in the order of the seals."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._layouts = layouts(view)
        self._stream: Iterator[Any] = view.stream(_STREAM)
        self._ahead: Stretch | None = next(self._stream, None)
        self._numbering = Numbering()

    def check(self, number: int, told: dict[str, Any] | None) -> Iterator[Finding]:
        """Check the leaves of the seal ``number``, which are the next ones, against what it says."""
        yield from self._strays(number)
        if told is not None:
            self._numbering.follow(told)
        tree, counts = merkle.Tree(), dict[tuple[str, str], int]()
        for layout, numbers, digests in self._of(number):
            key = (layout.table, layout.digest)
            counts[key] = counts.get(key, 0) + len(numbers)
            for row, digest in pairs(numbers, digests):
                tree.add(merkle.leaf_of(layout.table, row, digest))
            yield from self._numbering.late(layout.table, numbers, number)
        if told is None:
            return
        sealed = {(each["table"], each["layout"]): each["count"] for each in told["tables"]}
        if tree.root().hex() != told["root"] or counts != sealed:
            yield from (
                explain(self._view, number, told, self._layouts) if tree.count <= EXPLAINED else [unclear(number)]
            )

    def rest(self) -> Iterator[Finding]:
        """Name the leaves that no seal has."""
        yield from self._strays(None)

    def _of(self, number: int) -> Iterator[tuple[Layout, list[int | None], list[bytes | None]]]:
        while self._ahead is not None and self._ahead[0] == number:
            _, layout, _, numbers, digests = self._ahead
            self._ahead = next(self._stream, None)
            yield self._layouts[layout], numbers, digests

    def _strays(self, before: int | None) -> Iterator[Finding]:
        named_already: int | None = None
        while self._ahead is not None and (before is None or self._ahead[0] < before):
            if self._ahead[0] != named_already:
                named_already = self._ahead[0]
                yield Finding(
                    Kind.LEAF, f"There are leaves of seal {named_already}, but not the seal.", seal=named_already
                )
            self._ahead = next(self._stream, None)


@dataclass(slots=True)
class Numbering:
    """Knows up to which number each table had got: a row of a later transaction has a higher one."""

    _bound: dict[str, int] = field(default_factory=dict)
    _recent: list[dict[str, Any]] = field(default_factory=list)
    _begins: bool = True

    def follow(self, told: dict[str, Any]) -> None:
        """Go on to the next seal."""
        self._begins = told["begins"]
        if self._begins:
            self._bound.clear()
            self._recent.clear()
        while len(self._recent) >= MARGIN and self._recent[0]["next"] <= told["from"]:
            for each in self._recent.pop(0)["tables"]:
                self._bound[each["table"]] = max(self._bound.get(each["table"], 0), each["highest"])
        self._recent.append(told)

    def late(self, table: str, numbers: Sequence[int | None], seal: int) -> Iterator[Finding]:
        """Name the rows whose number was taken, or left out, before their transaction began."""
        bound = self._bound.get(table, 0)
        for number in sorted(number for number in numbers if number is not None and number <= bound):
            yield Finding(
                Kind.INSERTED,
                f"{named(table, number)} was put in later than its number says: the table had got to {bound:,} before"
                f" the transaction that wrote it began; seal {seal} is the first to have it.",
                table=table, row=number, seal=seal,
            )  # fmt: skip


def pairs(numbers: Sequence[int | None], digests: Sequence[bytes | None]) -> Iterator[tuple[int, bytes]]:
    """The keys and digests of a stretch, one by one; what is missing of it, as none that there could be."""
    for number, digest in zip_longest(numbers, digests):
        yield -1 if number is None else number, bytes(digest or b"")


def layouts(view: View) -> dict[int, Layout]:
    """Every layout by its id."""
    found = view.ask('SELECT id, "table", body, digest FROM audit_layout')
    return {row[0]: Layout(id=row[0], table=row[1], body=row[2], digest=row[3]) for row in found}


def missing_columns(view: View, layout: Layout) -> list[str]:
    """The columns of a layout that its table has no more."""
    found = view.ask(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0"
        " AND NOT attisdropped", [layout.table],
    )  # fmt: skip
    return sorted({*layout.told["columns"]} - {row[0] for row in found})


def explain(view: View, seal: int, told: dict[str, Any], known: dict[int, Layout]) -> Iterator[Finding]:
    """Say which leaves of ``seal`` were changed: where the rows themselves give its root, those that differ from them.

    Holds the leaves of the seal in memory.
    """
    stored = [
        (known[layout], number, digest)
        for layout, numbers, digests in view.stream(_OF_SEAL, [seal])
        for number, digest in pairs(numbers, digests)
    ]
    tables = {each["table"]: each["layout"] for each in told["tables"]}
    by_layout: dict[int, list[int]] = {}
    for layout, number, _ in stored:
        by_layout.setdefault(layout.pk, []).append(number)
    rows = [
        (known[pk].table, written_in, number, bytes(digest))
        for pk, numbers in by_layout.items()
        if tables.get(known[pk].table) == known[pk].digest and not missing_columns(view, known[pk])
        for number, written_in, digest in view.ask(_digests(known[pk]), [numbers])
    ]  # fmt: skip
    rows.sort(key=lambda row: row[:3])
    root = merkle.root_of(merkle.leaf_of(table, number, digest) for table, _, number, digest in rows)
    if root.hex() != told["root"]:
        yield unclear(seal)
        return
    right = {(table, number): digest for table, _, number, digest in rows}
    changed = [
        (layout.table, number) for layout, number, digest in stored if right.get((layout.table, number)) != digest
    ]
    for table, number in changed:
        yield Finding(
            Kind.LEAF, f"The leaf of {named(table, number)} in seal {seal} was changed; the row is as it was sealed.",
            table=table, row=number, seal=seal,
        )  # fmt: skip
    if not changed:
        yield Finding(Kind.REORDERED, f"The leaves of seal {seal} were put into another order.", seal=seal)


def unclear(seal: int) -> Finding:
    """Say no more than that something happened to the leaves of a seal."""
    text = f"The leaves of seal {seal} do not give its root: one was changed, moved, put in or taken out."
    return Finding(Kind.LEAF, text, seal=seal)


def _digests(layout: Layout) -> sql.Composed:
    return sql.SQL("SELECT number, written_in, {digest} FROM ({rows} WHERE t.{key} = ANY(%s)) AS canonical").format(
        digest=canonical.DIGEST, rows=canonical.rows(layout), key=sql.Identifier(layout.told["key"])
    )
