"""The revisions of the procedures: every change that takes effect makes one, wherever it was made (R36)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import connection, transaction

from apps.incidents.models import ProceduresOrigin, ProceduresRevision
from apps.procedures import current, structure
from apps.procedures.document import Document
from apps.teams.models import User


def lock() -> None:
    """Wait until nobody else applies or records procedures, to the end of the running transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('procedures'))")


def last_applied() -> Any | None:
    """Return the plain document that was applied from a file most recently, if one was."""
    revision = ProceduresRevision.objects.filter(origin=ProceduresOrigin.FILE).first()
    return revision.document if revision else None


@transaction.atomic
def record(origin: ProceduresOrigin, *, by: User | None) -> ProceduresRevision | None:
    """Make a revision of the procedures in force unless the latest one says the same; None if nothing was to do.

    A file that says what was edited in the admin makes one too: from then on it is the file that edits are compared to.
    """
    lock()
    document = current.document()
    if document is None:
        return None
    digest = digest_of(document)
    latest = ProceduresRevision.objects.first()
    says_the_same = latest is not None and latest.digest == digest
    makes_a_base = origin == ProceduresOrigin.FILE and latest is not None and latest.origin != origin
    if says_the_same and not makes_a_base:
        return None
    return ProceduresRevision.objects.create(
        version=document.version, digest=digest, document=structure.plain(document), origin=origin, created_by=by
    )


def digest_of(document: Document) -> str:
    """Return the SHA-256 of the document's canonical form: JSON with sorted keys."""
    canonical = json.dumps(structure.plain(document), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
