"""What it means that a row and its leaf do not fit: changed, deleted, inserted, re-ordered, or waiting for its seal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from apps.audit import chain, rows, sealing
from apps.audit.findings import Finding, Kind, named
from apps.audit.models import Layout
from apps.audit.rows import Differing, SealedTable, Unsealed
from apps.audit.snapshots import View
from apps.core import clock

#: A row that has waited for its seal for so long is a sign that nobody seals.
PATIENCE = timedelta(minutes=5)

#: So many rows of a table are named at most, of either sort; how many there are besides is told.
NAMED = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """Transactions from ``position`` on are not sealed yet; those from ``next`` on have not been.

    Where the database came from a backup since the last seal (``begins``) the next one takes whatever has no leaf.
    """

    position: int
    next: int
    begins: bool = False

    def waits(self, row: Unsealed) -> bool:
        """Whether the row will be under the next seal, or one soon."""
        due = self.begins or self.position <= row.written_in < self.next
        return due and not row.has_leaf and _is_of_the_house(row)


@dataclass(slots=True)
class Compared:
    """What does not fit in a table or a part of it: the first of each sort, and how many more there are."""

    differing: list[Differing] = field(default_factory=list)
    strays: list[Unsealed] = field(default_factory=list)
    more: int = 0
    waiting: int = 0
    waits: Unsealed | None = None

    def differ(self, leaf: Differing) -> None:
        """Take down a leaf that does not fit its row."""
        if len(self.differing) < NAMED:
            self.differing.append(leaf)
        else:
            self.more += 1

    def stray(self, row: Unsealed) -> None:
        """Take down a row that should not be."""
        if len(self.strays) < NAMED:
            self.strays.append(row)
        else:
            self.more += 1

    def wait(self, row: Unsealed) -> None:
        """Count a row that waits for its seal."""
        self.waiting += 1
        self.waits = self.waits or row

    def add(self, other: Compared) -> None:
        """Take over what another part found."""
        for leaf in other.differing:
            self.differ(leaf)
        for row in other.strays:
            self.stray(row)
        self.more += other.more
        self.waiting += other.waiting
        self.waits = self.waits or other.waits


def span_of(view: View) -> Span:
    """Up to where it is sealed, by the last seal that says so, and up to where the database has got."""
    with view.cursor() as cursor:
        now = sealing.position(cursor)
    told = chain.last_told(view) or {"system": now.system, "to": 0}
    return Span(told["to"], now.next, begins=now.begins_anew(told))


def judge(view: View, table: SealedTable, found: Compared, span: Span, before: Sequence[Finding]) -> Iterator[Finding]:
    """Say what happened to the rows of a table; what was named ``before``, as a leaf, is not named again."""
    explained = {(finding.table, finding.row) for finding in before}
    doubtful = {finding.seal for finding in before if finding.kind is Kind.LEAF and finding.row is None}
    holders = _exchanged(view, table, found)
    for row, sealed_as in holders.items():
        yield _moved(table.name, row, sealed_as)
    moved = {*holders, *holders.values()}
    for leaf in found.differing:
        if leaf.row not in moved and (table.name, leaf.row) not in explained:
            yield _differs(table.name, leaf, doubtful=leaf.seal in doubtful)
    for stray in found.strays:
        if stray.row not in moved and (table.name, stray.row) not in explained:
            yield _stray(stray, span)
    if found.more:
        yield Finding(Kind.CHANGED, f"{found.more:,} more rows of {table.name} do not fit.", table=table.name)
    yield from _overdue(table, found)


def unreadable(view: View, layout: Layout, missing: Sequence[str]) -> Finding:
    """Say that rows cannot be computed any more since columns are gone which their seals list."""
    ((count,),) = view.ask(
        "SELECT coalesce(sum(cardinality(numbers)), 0) FROM audit_leaves WHERE layout_id = %s", [layout.pk]
    )
    gone = (
        f"the columns {', '.join(missing)} of {layout.table}, which are gone" if missing else f"all of {layout.table}"
    )
    return Finding(
        Kind.UNREADABLE,
        f"{count:,} rows were sealed with {gone}: they can be compared no more, only their leaves and the chain.",
        table=layout.table,
    )


def _exchanged(view: View, table: SealedTable, found: Compared) -> dict[int, int]:
    """Rows that say what was sealed as another row: by their keys, as which."""
    numbers = [leaf.row for leaf in found.differing] + [row.row for row in found.strays]
    if not found.differing:
        return {}
    holders: dict[int, int] = {}
    for layout in table.readable:
        holders |= rows.exchanged(view, layout, numbers)
    return holders


def _moved(table: str, row: int, sealed_as: int) -> Finding:
    return Finding(
        Kind.REORDERED, f"{named(table, row)} says what was sealed as row {sealed_as}: the rows were re-ordered.",
        table=table, row=row,
    )  # fmt: skip


def _differs(table: str, leaf: Differing, *, doubtful: bool) -> Finding:
    also = "; that leaf is not to be trusted either" if doubtful else ""
    if leaf.digest is None:
        text = f"{named(table, leaf.row)} was deleted: seal {leaf.seal} has it{also}."
        return Finding(Kind.DELETED, text, table=table, row=leaf.row, seal=leaf.seal)
    text = f"{named(table, leaf.row)} was changed: it is not what seal {leaf.seal} has{also}."
    return Finding(Kind.CHANGED, text, table=table, row=leaf.row, seal=leaf.seal)


def _stray(row: Unsealed, span: Span) -> Finding:
    if not _is_of_the_house(row):
        why = f'the database role "{row.written_as}" wrote it, which is none of the house'
    elif row.written_in >= span.next:
        why = f"it names the transaction {row.written_in:,}, which has not been yet"
    else:
        why = f"no seal has it, though everything of its transaction {row.written_in:,} was sealed"
    return Finding(Kind.INSERTED, f"{named(row.table, row.row)} was put in: {why}.", table=row.table, row=row.row)


def _is_of_the_house(row: Unsealed) -> bool:
    return row.written_as in settings.AUDIT_DATABASE_ROLES


def _overdue(table: SealedTable, found: Compared) -> Iterator[Finding]:
    first = found.waits
    if first is None:
        return
    moment: str = table.model.moment  # type: ignore[attr-defined]  # of AppendOnly and History
    since = table.model._default_manager.filter(pk=first.row).values_list(moment, flat=True).first()
    if since is not None and clock.now() - since > PATIENCE:
        yield Finding(
            Kind.WAITING,
            f"{found.waiting:,} rows of {table.name} wait for their seal, the first since {since:%Y-%m-%d %H:%M} UTC:"
            " is the engine at work, or has a transaction been open for as long?",
            table=table.name,
        )  # fmt: skip
