"""Verifies everything that was sealed, as a stream: the chain, the roots, every leaf and every row (contract)."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from django.conf import settings

from apps.audit import canonical, chain, judging, leaves, rows
from apps.audit.findings import Finding, Kind, Report
from apps.audit.judging import NAMED, Compared
from apps.audit.models import Layout
from apps.audit.rows import SealedTable, Slice
from apps.audit.snapshots import View, views

#: Connections that compare rows at a time, each of which keeps a processor of the database busy.
AT_ONCE = min(os.cpu_count() or 1, 4)


def verify(heads: Mapping[str, int | None] | None = None, *, every: bool = False) -> Report:
    """Compute everything anew and compare; the report's findings are empty if all of it fits.

    ``heads``: hashes of seals that were kept elsewhere, each with its number or None; the chain must contain them.
    Without ``every`` it looks no further than the first part in which something does not fit: the chain with its
    leaves, then one table after the other. All of it is the state of one instant; memory grows neither with the rows
    nor with what does not fit: of that a thousand are named, of the chain and of each table, and the others counted.
    """
    begun = time.monotonic()
    report = Report()
    with views(1 + AT_ONCE) as (view, *others):
        report.findings += chain.layouts(view)
        if report.fits:
            _check(view, others, report, heads or {}, every=every)
    report.seconds = time.monotonic() - begun
    return report


def _check(view: View, others: list[View], report: Report, heads: Mapping[str, int | None], *, every: bool) -> None:
    more = 0
    for finding in chain.check(view, report, heads):
        if len(report.findings) < NAMED:
            report.findings.append(finding)
        else:
            more += 1
        if not every:
            return
    if more:
        report.findings.append(Finding(Kind.SEAL, f"{more:,} more things in the chain and its leaves do not fit."))
    _check_rows(view, others, report, every=every)


def _check_rows(view: View, others: list[View], report: Report, *, every: bool) -> None:
    """Compare table after table, several slices of it at once."""
    free: SimpleQueue[View] = SimpleQueue()
    for other in others:
        free.put(other)
    span = judging.span_of(view)
    if span.begins:
        report.remarks.append(
            "The database came from a backup, or to another server, since its last seal: what has no leaf yet is"
            " taken by the next seal, whatever it is."
        )

    def compare(part: Slice) -> Compared:
        own = free.get()
        try:
            return _compare(own, part, span)
        finally:
            free.put(own)

    with ThreadPoolExecutor(len(others)) as pool:
        for table in _tables(view, report):
            parts = list(rows.slices(view, table))
            found = Compared()
            for compared in pool.map(compare, parts):
                found.add(compared)
            report.rows += sum(part.leaves for part in parts)
            report.waiting += found.waiting
            report.findings += judging.judge(view, table, found, span, tuple(report.findings))
            if not every and not report.fits:
                return


def _compare(view: View, part: Slice, span: judging.Span) -> Compared:
    compared = Compared()
    for leaf in rows.differing(view, part):
        compared.differ(leaf)
    for row in rows.unsealed(view, part, roles=settings.AUDIT_DATABASE_ROLES):
        if span.waits(row):
            compared.wait(row)
        else:
            compared.stray(row)
    return compared


def _tables(view: View, report: Report) -> Iterator[SealedTable]:
    """Every table, with those of its layouts that can be computed; of the others the report tells."""
    sealed: dict[str, list[Layout]] = defaultdict(list)
    for layout in leaves.layouts(view).values():
        sealed[layout.table].append(layout)
    for model in canonical.sealed_models():
        known = sealed.pop(model._meta.db_table, [])
        missing = {layout: leaves.missing_columns(view, layout) for layout in known}
        report.findings += [judging.unreadable(view, layout, gone) for layout, gone in missing.items() if gone]
        yield SealedTable(model, tuple(known), tuple(layout for layout, gone in missing.items() if not gone))
    report.findings += [judging.unreadable(view, layout, ()) for layouts in sealed.values() for layout in layouts]
