"""The severities, worst first (R2)."""

from __future__ import annotations

from apps.incidents.models import Severity
from apps.procedures import document as said
from apps.procedures.document import Document
from apps.procedures.rows import Writer


def read() -> dict[str, said.Severity]:
    """Return the severities in use by code."""
    return {
        row.code: said.Severity(
            label=row.label,
            impact=row.impact,
            examples=tuple(row.examples),
            response=row.response_time,
            resolution=row.resolution_target,
            auto_resolve=row.auto_resolve,
        )
        for row in Severity.objects.filter(is_active=True)
    }


def write(document: Document, writer: Writer) -> dict[str, Severity]:
    """Make the severities in use those of ``document``, the others retired, and return the former by code."""
    rows = {row.code: row for row in Severity.objects.all()}
    kept = {
        code: writer.put(
            rows.pop(code) if code in rows else Severity(code=code),
            rank=int(code.removeprefix("P")),
            label=severity.label,
            impact=severity.impact,
            examples=list(severity.examples),
            response_time=severity.response,
            resolution_target=severity.resolution,
            auto_resolve=severity.auto_resolve,
            is_active=True,
        )
        for code, severity in document.severities.items()
    }
    writer.retire(rows.values())
    return kept
