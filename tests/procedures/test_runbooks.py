"""The runbooks of the procedures: those of the source document, ready to be started (R15, R23)."""

from __future__ import annotations

import pytest

from apps.incidents import queries, runbooks
from tests.factories.procedures import put_in_force

pytestmark = pytest.mark.django_db


def test_the_file_has_the_commands_of_the_source_document():
    put_in_force()
    procedures = queries.procedures_in_force()
    books = {book.key: book for book in runbooks.runbooks_of(procedures)}
    commands = {step.command for book in books.values() for step in book.steps}
    assert commands >= {
        "ado status --verbose",
        'git log --oneline --since="2 hours ago"',
        "kubectl logs -n ado-production -l app=ado --tail=1000",
        'ado backup list --date-range "last-24h"',
        "ado data verify --component all",
    }
    recovery = books["data_recovery"]
    assert (recovery.phase, recovery.suggested_by) == ("recovery", "data_integrity")
    assert [step.text for step in recovery.steps][-4:] == [
        "Compare checksums", "Verify record counts", "Test critical workflows", "Validate user permissions",
    ]  # fmt: skip


def test_its_references_are_addresses():
    put_in_force()
    found = runbooks.references_of(queries.procedures_in_force())
    assert len(found) == 4
    assert all(each.url.startswith("https://") for each in found)
